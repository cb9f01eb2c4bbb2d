using Google.Protobuf.WellKnownTypes;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The three checks of a daemon as health reports.</summary>
internal static class DaemonHealth
{
    /// <summary>The reports; none where there is no instance.</summary>
    internal static IEnumerable<HealthReport> Of(DaemonSnapshot daemon)
    {
        if (daemon.State is not (DaemonState.Running or DaemonState.Unhealthy or DaemonState.Starting))
        {
            return [];
        }

        var reports = daemon.Checks.Select(Of).ToList();

        // A daemon may be unhealthy for another reason than its checks.
        if (daemon.State == DaemonState.Unhealthy && reports.Count > 0 && reports.TrueForAll(r => r.HasStatus && r.Status == HealthStatus.Healthy))
        {
            var health = reports[^1];
            health.Status = HealthStatus.Unhealthy;
            health.Description = daemon.LastFailure?.Detail ?? "The probes before the latest one failed.";
        }

        return reports;
    }

    private static HealthReport Of(CheckResult check)
    {
        var report = new HealthReport { Key = WireNames.Of(check.Name), Description = check.Detail ?? "" };
        if (check.Healthy is { } healthy)
        {
            report.Status = healthy ? HealthStatus.Healthy : HealthStatus.Unhealthy;
            report.LastRunAt = check.At?.ToTimestamp();
        }

        return report;
    }
}
