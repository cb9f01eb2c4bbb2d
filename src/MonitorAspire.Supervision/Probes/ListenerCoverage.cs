using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// Which listening socket answers for which address. A socket on <c>[::]</c> answers for IPv4 too unless it was told not to
/// (IPV6_V6ONLY); where that cannot be seen, it is taken to.
/// </summary>
public static class ListenerCoverage
{
    /// <summary>Whether a socket serves any of the addresses that a host stands for: the question of a start.</summary>
    /// <param name="listener">The socket.</param>
    /// <param name="wanted">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    public static bool Serves(Listener listener, IReadOnlyList<IPAddress> wanted)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(wanted);
        return wanted.Any(address => Covers(listener.EndPoint.Address, address, listener.IPv6Only ?? false));
    }

    /// <summary>Whether a socket that listens on one address serves any of the addresses that a host stands for.</summary>
    /// <param name="listening">The address that is listened on.</param>
    /// <param name="wanted">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    public static bool Serves(IPAddress listening, IReadOnlyList<IPAddress> wanted)
    {
        ArgumentNullException.ThrowIfNull(listening);
        ArgumentNullException.ThrowIfNull(wanted);
        return wanted.Any(address => Covers(listening, address, ipv6Only: false));
    }

    /// <summary>Whether a socket is in the way of a new one on any of these addresses: the question of preflight.</summary>
    /// <param name="listener">The socket.</param>
    /// <param name="wanted">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    public static bool Conflicts(Listener listener, IReadOnlyList<IPAddress> wanted)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ArgumentNullException.ThrowIfNull(wanted);
        return wanted.Any(address => IsInTheWay(listener.EndPoint.Address, address, listener.IPv6Only ?? false));
    }

    /// <summary>Whether a socket that listens on one address is in the way of a new one on any of these addresses.</summary>
    /// <param name="listening">The address that is listened on.</param>
    /// <param name="wanted">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    public static bool Conflicts(IPAddress listening, IReadOnlyList<IPAddress> wanted)
    {
        ArgumentNullException.ThrowIfNull(listening);
        ArgumentNullException.ThrowIfNull(wanted);
        return wanted.Any(address => IsInTheWay(listening, address, ipv6Only: false));
    }

    // A connection to `wanted` reaches a socket on `listening`.
    private static bool Covers(IPAddress listening, IPAddress wanted, bool ipv6Only)
    {
        var (from, to) = (Unmapped(listening), Unmapped(wanted));
        return from.Equals(IPAddress.Any) ? to.AddressFamily == AddressFamily.InterNetwork
            : from.Equals(IPAddress.IPv6Any) ? to.AddressFamily == AddressFamily.InterNetworkV6 || !ipv6Only
            : SameIgnoringScope(from, to);
    }

    // Either answers for the other: a wildcard to come is blocked by any single address of its family. A new socket on [::] is
    // taken to be dual-stack, as servers make it by default, so that it needs the port on IPv4 too.
    private static bool IsInTheWay(IPAddress listening, IPAddress wanted, bool ipv6Only) =>
        Covers(listening, wanted, ipv6Only) || Covers(wanted, listening, ipv6Only: false);

    // A dual-stack socket that is bound to ::ffff:127.0.0.1 listens on 127.0.0.1.
    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // /proc does not show the scope of a link-local address.
    private static bool SameIgnoringScope(IPAddress a, IPAddress b)
    {
        Span<byte> first = stackalloc byte[16];
        Span<byte> second = stackalloc byte[16];
        return a.TryWriteBytes(first, out var firstLength)
            && b.TryWriteBytes(second, out var secondLength)
            && first[..firstLength].SequenceEqual(second[..secondLength]);
    }
}
