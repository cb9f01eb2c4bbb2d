using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>The addresses that a host, as written in a specification, stands for.</summary>
public static class HostAddresses
{
    /// <summary>
    /// All addresses of a host: a literal is itself, <c>localhost</c> is both loopbacks (where the machine has IPv6),
    /// <c>*</c> and <c>+</c> are both wildcards, anything else is looked up.
    /// </summary>
    /// <param name="host">The host; IPv6 with or without brackets.</param>
    /// <exception cref="SocketException">The name cannot be looked up.</exception>
    public static IReadOnlyList<IPAddress> Resolve(string host) => WithoutLookup(host) ?? Dns.GetHostAddresses(host);

    /// <summary><see cref="Resolve"/> for whom a name that means nothing (any more) is a finding and no error: then there are none.</summary>
    /// <param name="host">The host; IPv6 with or without brackets.</param>
    public static IReadOnlyList<IPAddress> Find(string host)
    {
        try
        {
            return Resolve(host);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    /// <summary><see cref="Resolve"/> without blocking on a name server.</summary>
    /// <param name="host">The host; IPv6 with or without brackets.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SocketException">The name cannot be looked up.</exception>
    public static async ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken) =>
        WithoutLookup(host) ?? await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);

    /// <summary>Where to connect in order to reach a server on these addresses: a wildcard is reached on the loopback of its family,
    /// a mapped address over IPv4.</summary>
    /// <param name="addresses">The addresses, out of <see cref="Resolve"/>.</param>
    public static IReadOnlyList<IPAddress> ProbeTargets(IReadOnlyList<IPAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        return [.. addresses.Select(ProbeTarget).Distinct()];
    }

    private static IPAddress ProbeTarget(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? ProbeTarget(address.MapToIPv4())
        : address.Equals(IPAddress.Any) ? IPAddress.Loopback
        : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
        : address;

    private static IReadOnlyList<IPAddress>? WithoutLookup(string host)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(host);
        if (host is "*" or "+")
        {
            return Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];
        }

        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        // RFC 6761: names under localhost never leave the machine. Not asked of the resolver, which on some machines knows one
        // of the two addresses only, and then a daemon on the other one would be invisible.
        var name = host.AsSpan().TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            ? HasIPv6Loopback() ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback]
            : null;
    }

    // The kernel may know IPv6 and yet have no ::1 (net.ipv6.conf.lo.disable_ipv6), and that may change while we run.
    private static bool HasIPv6Loopback()
    {
        if (!Socket.OSSupportsIPv6)
        {
            return false;
        }

        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
