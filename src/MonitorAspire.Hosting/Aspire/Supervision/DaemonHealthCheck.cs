using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>One of the three checks of a daemon, as the supervisor made it last. Nobody is probed twice.</summary>
internal sealed class DaemonHealthCheck(DaemonBoard board, string daemon, CheckName check) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (status, description) = board.Verdict(daemon, check);
        return Task.FromResult(new HealthCheckResult(status, description));
    }
}
