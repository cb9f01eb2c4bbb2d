using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Testing;

/// <summary>Free ports. Each is given out once per test run.</summary>
public static class FreePort
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that is free on the loopback of both families and below the range of outgoing connections.</summary>
    public static int Next()
    {
        while (true)
        {
            // Linux gives outgoing connections ports from 32768 up. A lower port cannot be taken by one of them before it is used.
            var port = Random.Shared.Next(11_000, 32_000);
            if (IsFree(port) && Given.TryAdd(port, true))
            {
                return port;
            }
        }
    }

    /// <summary>The first of several consecutive ports that are all free.</summary>
    /// <param name="count">Number of ports.</param>
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
    /// Binds but does not listen. A child process that another thread starts at this moment holds a copy of the socket until its exec. A socket
    /// that is only bound does not disturb a server, because servers bind with SO_REUSEADDR.
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
            // Without a loopback address of this family, nobody can listen on it.
            return e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported;
        }
    }
}
