using System.Net;

namespace MonitorAspire.Supervision.Probes;

/// <summary>The addresses that a host, as written in a specification, stands for.</summary>
public static class HostAddresses
{
    /// <summary>
    /// All addresses of a host: a literal is itself, <c>localhost</c> is both loopbacks (where the machine has IPv6),
    /// <c>*</c> and <c>+</c> are both wildcards, anything else is looked up.
    /// </summary>
    /// <param name="host">The host; IPv6 with or without brackets.</param>
    /// <exception cref="System.Net.Sockets.SocketException">The name cannot be looked up.</exception>
    public static IReadOnlyList<IPAddress> Resolve(string host) => throw new NotImplementedException();

    /// <summary>Where to connect in order to reach a server on these addresses: a wildcard is reached on the loopback of its family.</summary>
    /// <param name="addresses">The addresses, out of <see cref="Resolve"/>.</param>
    public static IReadOnlyList<IPAddress> ProbeTargets(IReadOnlyList<IPAddress> addresses) => throw new NotImplementedException();
}
