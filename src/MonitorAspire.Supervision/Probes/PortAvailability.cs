using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

internal enum PortState
{
    Free,

    /// <summary>Another process uses it.</summary>
    InUse,

    /// <summary>This user may not use it (mostly ports below 1024).</summary>
    PermissionDenied,

    /// <summary>This machine does not have the address.</summary>
    AddressNotAvailable,
}

/// <summary>
/// A port that cannot be bound although no process listens on it: its last connections are in TIME_WAIT, or another process has bound it or
/// is just closing it. A server with SO_REUSEADDR leaves no port behind in TIME_WAIT that another such server could not bind.
/// </summary>
/// <param name="Port">The port.</param>
/// <param name="TimeWaits">How many connections are in TIME_WAIT. 0: some other socket has the port.</param>
/// <param name="Longest">How long the last of them stays.</param>
internal sealed record LingeringPort(int Port, int TimeWaits, TimeSpan Longest)
{
    public override string ToString() => TimeWaits == 0
        ? $"port {Port} is in use, but no process listens on it: a socket is bound to it or is just being closed; its owner could not be seen"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"port {Port} is free only when {TimeWaits} old connection{(TimeWaits == 1 ? "" : "s")} in TIME_WAIT {(TimeWaits == 1 ? "is" : "are")} gone, up to {Math.Ceiling(Longest.TotalSeconds)} s (a server with SO_REUSEADDR leaves none in the way)");
}

/// <summary>Tells whether a server can listen on a port, by trying.</summary>
internal sealed class PortAvailability(ListenerProbe listeners)
{
    public static PortAvailability Current { get; } = new(ListenerProbe.Current);

    /// <summary>Binds one address and frees it at once. It does not listen, so no client can connect meanwhile. Connections in TIME_WAIT do not count.</summary>
    public static PortState TryBind(IPAddress address, int port)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                // The default of servers. It tests a wildcard on both families, and a mapped address can be bound only so.
                socket.DualMode = address.Equals(IPAddress.IPv6Any) || address.IsIPv4MappedToIPv6;
            }

            if (OperatingSystem.IsWindows())
            {
                socket.ExclusiveAddressUse = true; // otherwise Windows allows a second socket on the port
            }

            // On Unix .NET sets SO_REUSEADDR before it binds a TCP socket, so only TIME_WAIT is ignored.
            socket.Bind(new IPEndPoint(address, port));
            return PortState.Free;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => PortState.InUse,
                SocketError.AccessDenied => PortState.PermissionDenied,
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.InvalidArgument =>
                    PortState.AddressNotAvailable,
                _ => throw new IOException($"It is unknown whether {new IPEndPoint(address, port)} is free: {e.Message}", e),
            };
        }
    }

    /// <summary>
    /// What keeps a port from being bound although no process listens on it. Null where it can be bound, or where a process listens.
    /// </summary>
    public LingeringPort? Lingering(IReadOnlyList<IPAddress> addresses, int port)
    {
        if (addresses.All(address => TryBind(address, port) != PortState.InUse) || listeners.Find(port).Any(listener => ListenerCoverage.Conflicts(listener, addresses)))
        {
            return null;
        }

        var (count, longest) = listeners.FindTimeWait(port);
        return new LingeringPort(port, count, longest);
    }

    /// <summary>The first wanted port from first to last on which a server can listen on all these addresses; null where none, or no address.</summary>
    public int? FirstFree(IReadOnlyList<IPAddress> addresses, int first, int last, Func<int, bool> isWanted)
    {
        for (var port = first; port <= last && addresses.Count > 0; port++)
        {
            if (isWanted(port) && Check(addresses, port) == PortState.Free)
            {
                return port;
            }
        }

        return null;
    }

    /// <summary>
    /// Whether a server can listen on all these addresses: no socket listens on them (also no wildcard, and no dual-stack socket of the
    /// other family), and all of them can be bound.
    /// </summary>
    public PortState Check(IReadOnlyList<IPAddress> addresses, int port)
    {
        // Both tests are needed: a bind to [::1] succeeds beside a listener on 127.0.0.1, and a port that is bound without listening is in no
        // list of sockets.
        if (listeners.Find(port).Any(listener => ListenerCoverage.Conflicts(listener, addresses)))
        {
            return PortState.InUse;
        }

        foreach (var address in addresses)
        {
            if (TryBind(address, port) is not PortState.Free and var state)
            {
                return state;
            }
        }

        return PortState.Free;
    }
}
