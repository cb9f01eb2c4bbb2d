using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Testing;

/// <summary>Ports that nobody uses, each given out once per test run.</summary>
public static class FreePort
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that is free on the loopback of both families and below the range of outgoing connections.</summary>
    public static int Next()
    {
        while (true)
        {
            // Outgoing connections take theirs from 32768 up (Linux): a port from below cannot be taken by one of those between
            // this look and the use of it.
            var port = Random.Shared.Next(11_000, 32_000);
            if (IsFree(port) && Given.TryAdd(port, true))
            {
                return port;
            }
        }
    }

    /// <summary>The first of so many consecutive ports that are all free.</summary>
    /// <param name="count">How many.</param>
    public static int Consecutive(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(11_000, 32_000 - count);
            var ports = Enumerable.Range(first, count).ToList();
            if (ports.TrueForAll(p => !Given.ContainsKey(p) && IsFree(p)) && ports.TrueForAll(p => Given.TryAdd(p, true)))
            {
                return first;
            }
        }
    }

    /// <summary>Whether nobody listens on the port now.</summary>
    /// <param name="port">The port.</param>
    /// <remarks>
    /// Looks without listening: a child that is started by another thread at this moment keeps a copy of the socket until it executes its program,
    /// and of one that only was bound nobody takes notice who binds as servers do, with SO_REUSEADDR.
    /// </remarks>
    public static bool IsFree(int port) => IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port));

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException e)
        {
            // A machine without the family's loopback has nobody there either.
            return e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;
        }
    }
}
