using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MonitorAspire.Supervision.Probes;

/// <summary>The addresses of a host as it is written in a specification.</summary>
internal static class HostAddresses
{
    // A resolver that does not answer takes much longer.
    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// All addresses of a host: an address is itself, <c>localhost</c> is both loopbacks (where the machine has IPv6), <c>*</c> and <c>+</c>
    /// are both wildcards, and any other name is looked up. Empty where a name cannot be looked up.
    /// </summary>
    /// <param name="host">The host; IPv6 with or without brackets.</param>
    public static IReadOnlyList<IPAddress> Find(string host)
    {
        try
        {
            return WithoutLookup(host) ?? Dns.GetHostAddresses(host);
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException)
        {
            // A host name from a record may be too long to be looked up.
            return [];
        }
    }

    /// <summary>The same without blocking a thread, for 2 seconds at most. Empty as well where the resolver does not answer for that time.</summary>
    public static async ValueTask<IReadOnlyList<IPAddress>> FindAsync(string host, CancellationToken cancellationToken)
    {
        if (WithoutLookup(host) is { } known)
        {
            return known;
        }

        using var timeUp = new CancellationTokenSource(LookupTimeout, TimeProvider.System);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeUp.Token, cancellationToken);
        try
        {
            return await ResolveAsync(host, linked.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ArgumentOutOfRangeException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [];
        }
    }

    /// <summary>The same without blocking and without a time limit.</summary>
    /// <exception cref="SocketException">The name cannot be looked up.</exception>
    public static async ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken) =>
        // A look-up that has begun cannot be cancelled, only its queued successors. It is left behind, on one thread for each name.
        WithoutLookup(host) ?? await Dns.GetHostAddressesAsync(host, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Base URL of a server. A wildcard becomes the loopback, because no client can connect to a wildcard. IPv6 has brackets or not. The health check tells the scheme.</summary>
    public static string Url(string host, int port, HealthCheckKind kind = HealthCheckKind.Http)
    {
        var reachable = host is "*" or "+" or "0.0.0.0" ? "127.0.0.1" : host is "::" or "[::]" ? "::1" : host;
        var bracketed = reachable.Contains(':', StringComparison.Ordinal) && !reachable.StartsWith('[') ? $"[{reachable}]" : reachable;
        var scheme = kind switch { HealthCheckKind.Http => "http", HealthCheckKind.Https => "https", _ => "tcp" };
        return string.Create(CultureInfo.InvariantCulture, $"{scheme}://{bracketed}:{port}");
    }

    /// <summary>The addresses to connect to, to reach a server on these addresses: the loopback for a wildcard, IPv4 for a mapped address.</summary>
    public static IReadOnlyList<IPAddress> ProbeTargets(IReadOnlyList<IPAddress> addresses) => [.. addresses.Select(ProbeTarget).Distinct()];

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

        // RFC 6761: localhost and names below it are always this machine. The resolver is not asked: on some machines it knows only one of
        // the two addresses, and then a daemon on the other one would not be seen.
        var name = host.AsSpan().TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            ? HasIPv6Loopback() ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback]
            : null;
    }

    // The kernel may support IPv6 without having ::1 (net.ipv6.conf.lo.disable_ipv6), and that can change at any time.
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
