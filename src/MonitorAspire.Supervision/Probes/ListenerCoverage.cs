using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Which addresses a listening socket serves. One on <c>[::]</c> also serves IPv4, unless IPV6_V6ONLY is known to be set.</summary>
internal static class ListenerCoverage
{
    /// <summary>Whether a socket serves any of a host's addresses. A start asks this.</summary>
    public static bool Serves(Listener listener, IReadOnlyList<IPAddress> wanted) =>
        wanted.Any(address => Covers(listener.EndPoint.Address, address, listener.IPv6Only ?? false));

    /// <summary>Whether a socket prevents a new one on any of these addresses. The preflight asks this.</summary>
    public static bool Conflicts(Listener listener, IReadOnlyList<IPAddress> wanted) =>
        wanted.Any(address => Prevents(listener.EndPoint.Address, address, listener.IPv6Only ?? false));

    // A connection to `wanted` reaches a socket on `listening`.
    private static bool Covers(IPAddress listening, IPAddress wanted, bool ipv6Only)
    {
        var (from, to) = (Unmapped(listening), Unmapped(wanted));
        return from.Equals(IPAddress.Any) ? to.AddressFamily == AddressFamily.InterNetwork
            : from.Equals(IPAddress.IPv6Any) ? to.AddressFamily == AddressFamily.InterNetworkV6 || !ipv6Only
            : SameIgnoringScope(from, to);
    }

    // A new wildcard socket is also prevented by a socket on a single address of its family. A new socket on [::] counts as dual-stack, which is
    // the default of servers, so it needs the port on IPv4 too.
    private static bool Prevents(IPAddress listening, IPAddress wanted, bool ipv6Only) =>
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
