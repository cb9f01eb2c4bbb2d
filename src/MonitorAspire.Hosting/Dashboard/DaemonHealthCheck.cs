using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Dashboard;

/// <summary>One of the three checks of a daemon. It gives the supervisor's last result and does not probe the daemon again.</summary>
internal sealed class DaemonHealthCheck(DaemonDisplay display, string daemon, CheckName check) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (status, description) = display.ResultOf(daemon, check);
        return Task.FromResult(new HealthCheckResult(status, description));
    }
}
