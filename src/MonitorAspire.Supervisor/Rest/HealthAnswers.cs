using Microsoft.Extensions.Diagnostics.HealthChecks;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Rest;

/// <summary>
/// The supervisor's own health, with PID and port, so that a start of the supervisor can be verified like that of a daemon. An unhealthy
/// daemon does not make the supervisor unhealthy.
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
        SupervisorSettings.ProgramName,
        ProductVersion.Text,
        context.Connection.LocalPort,
        Environment.ProcessId,
        Math.Round(time.GetElapsedTime(_since).TotalSeconds, 3));
}
