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
    public static bool IsFree(int port)
    {
        try
        {
            using var four = new TcpListener(IPAddress.Loopback, port);
            four.Start();
            if (Socket.OSSupportsIPv6)
            {
                using var six = new TcpListener(IPAddress.IPv6Loopback, port);
                six.Start();
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
