using System.Net;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Which listening socket answers for which address.</summary>
public static class ListenerCoverage
{
    /// <summary>Whether a socket that listens on one address serves any of the addresses that a host stands for: the question of a start.</summary>
    /// <param name="listening">The address that is listened on.</param>
    /// <param name="wanted">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    public static bool Serves(IPAddress listening, IReadOnlyList<IPAddress> wanted) => throw new NotImplementedException();

    /// <summary>Whether a socket that listens on one address is in the way of a new one on any of these addresses: the question of preflight.</summary>
    /// <param name="listening">The address that is listened on.</param>
    /// <param name="wanted">The addresses, out of <see cref="HostAddresses.Resolve"/>.</param>
    public static bool Conflicts(IPAddress listening, IReadOnlyList<IPAddress> wanted) => throw new NotImplementedException();
}
