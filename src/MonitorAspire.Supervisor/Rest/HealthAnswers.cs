using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.Supervisor.Hosting;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>
/// The supervisor's own health, with PID and port, so that a start of it can be verified like that of any daemon. That a daemon is ill
/// is no illness of the supervisor: that is what <c>/api/daemons</c> is for.
/// </summary>
internal sealed class HealthAnswers(TimeProvider time)
{
    private readonly long _since = time.GetTimestamp();

    internal SupervisorHealth Health(HttpContext context, HealthStatus status) => new(
        status switch
        {
            HealthStatus.Healthy => "running",
            HealthStatus.Degraded => "degraded",
            _ => "unhealthy",
        },
        SupervisorApplication.Name,
        ProductVersion.Text,
        context.Connection.LocalPort,
        Environment.ProcessId,
        Math.Round(time.GetElapsedTime(_since).TotalSeconds, 3));
}
