using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MonitorAspire.ServiceDefaults;

/// <summary>The answer of <c>/health</c> and <c>/alive</c>. Port and PID are for the verification of a start.</summary>
/// <param name="Status"><c>running</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="Service">Name of the program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Port">The port that the program listens on.</param>
/// <param name="Pid">The process that answers.</param>
/// <param name="Uptime">Seconds since the start of the application.</param>
public sealed record HealthAnswer(string Status, string Service, string Version, int Port, int Pid, double Uptime)
{
    /// <summary>The answer of this process.</summary>
    public static HealthAnswer Of(HealthStatus status, string service, int port, TimeSpan uptime) => new(
        status switch { HealthStatus.Healthy => "running", HealthStatus.Degraded => "degraded", _ => "unhealthy" },
        service,
        ProductVersion.Text,
        port,
        Environment.ProcessId,
        Math.Round(uptime.TotalSeconds, 3));
}
