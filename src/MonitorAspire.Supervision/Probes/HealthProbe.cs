namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// Asks a daemon for its health over a connection of its own: no proxy, no redirect, no cookie, nothing left over from the probe before.
/// </summary>
/// <param name="timeProvider">The clock of the time limit. Default the system's.</param>
public sealed class HealthProbe(TimeProvider? timeProvider = null)
{
    /// <summary>
    /// Carries out one probe. What is wrong with the daemon comes back as a result; only cancellation throws.
    /// </summary>
    /// <param name="host">Host as in the specification; a wildcard is asked on the loopback.</param>
    /// <param name="port">The port.</param>
    /// <param name="path">Path, with a query if need be, as in <c>/health</c>.</param>
    /// <param name="isExpectedPid">Whether a PID that the body names belongs to the instance.</param>
    /// <param name="timeout">Time limit of the whole exchange.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public Task<HealthResult> ProbeAsync(
        string host, int port, string path, Func<int, bool> isExpectedPid, TimeSpan timeout, CancellationToken cancellationToken) =>
        throw new NotImplementedException($"{timeProvider}");
}
