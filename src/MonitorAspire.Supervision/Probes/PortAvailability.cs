using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Whether a port can be had.</summary>
public enum PortState
{
    /// <summary>Nobody is in the way.</summary>
    Free,

    /// <summary>Somebody has it.</summary>
    InUse,

    /// <summary>This user may not have it (below 1024, mostly).</summary>
    PermissionDenied,

    /// <summary>This machine has no such address.</summary>
    AddressNotAvailable,
}

/// <summary>Tells whether a port can be had, by trying: what is true is what the kernel allows.</summary>
/// <param name="listeners">Who listens where.</param>
public sealed class PortAvailability(ListenerProbe listeners)
{
    /// <summary>The probe of the machine that this program runs on.</summary>
    public static PortAvailability Current { get; } = new(ListenerProbe.Current);

    /// <summary>
    /// Tries to bind one address and lets go of it at once, without listening: nobody can connect to the probe. Connections in
    /// TIME_WAIT are not in the way.
    /// </summary>
    /// <param name="address">The address.</param>
    /// <param name="port">The port.</param>
    public static PortState TryBind(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
            {
                // As servers do by default, so that a wildcard is tried on both families and a mapped address can be bound at all.
                socket.DualMode = address.Equals(IPAddress.IPv6Any) || address.IsIPv4MappedToIPv6;
            }

            if (OperatingSystem.IsWindows())
            {
                socket.ExclusiveAddressUse = true; // without it Windows lets a port be hijacked
            }

            // On Unix .NET itself sets SO_REUSEADDR before it binds a TCP socket, which lets TIME_WAIT pass and nothing else.
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
                _ => throw new IOException($"Whether {new IPEndPoint(address, port)} is free cannot be told: {e.Message}", e),
            };
        }
    }

    /// <summary>The first port of a range on which a server could listen on all these addresses; <see langword="null"/> where there is none.</summary>
    /// <param name="addresses">The addresses, out of <see cref="HostAddresses.Resolve"/>; without any, nothing is free.</param>
    /// <param name="first">First port of the range.</param>
    /// <param name="last">Last port of the range, included.</param>
    /// <param name="isWanted">Which of them come into question.</param>
    public int? FirstFree(IReadOnlyList<IPAddress> addresses, int first, int last, Func<int, bool> isWanted)
    {
        ArgumentNullException.ThrowIfNull(addresses);
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
    /// Whether a server could listen on all these addresses: none of them is listened on (also by a wildcard or on behalf of the
    /// other family) and all of them can be bound.
    /// </summary>
    /// <param name="addresses">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    /// <param name="port">The port.</param>
    public PortState Check(IReadOnlyList<IPAddress> addresses, int port)
    {
        ArgumentNullException.ThrowIfNull(addresses);

        // Both looks are needed: a bind to [::1] succeeds beside a listener on 127.0.0.1 and so on, and a port that is bound and
        // not listened on is in no table.
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
