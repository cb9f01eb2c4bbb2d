using Google.Protobuf.WellKnownTypes;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The three checks of a daemon as health reports.</summary>
internal static class DaemonHealth
{
    private static readonly string[] Keys = ["pid-file", "port", "health"];

    /// <summary>The reports; none where there is no instance.</summary>
    internal static IEnumerable<HealthReport> Of(DaemonSnapshot daemon)
    {
        if (daemon.State is not (DaemonState.Running or DaemonState.Unhealthy or DaemonState.Starting))
        {
            return [];
        }

        var reports = Keys.Select(key => Of(daemon, key)).ToList();

        // The state takes several probes into account, so the latest probe may have passed.
        if (daemon.State == DaemonState.Unhealthy && reports.TrueForAll(r => r.HasStatus && r.Status == HealthStatus.Healthy))
        {
            var health = reports[^1];
            health.Status = HealthStatus.Unhealthy;
            health.Description = daemon.LastFailure?.Detail ?? "The probes before the latest one failed.";
        }

        return reports;
    }

    private static HealthReport Of(DaemonSnapshot daemon, string key)
    {
        var check = daemon.Checks.FirstOrDefault(c => c.Name == key);
        var report = new HealthReport { Key = key, Description = check?.Detail ?? "" };
        if (check?.Healthy is { } healthy)
        {
            report.Status = healthy ? HealthStatus.Healthy
                // One or two failed probes do not make a daemon unhealthy.
                : daemon.State == DaemonState.Running ? HealthStatus.Degraded
                : HealthStatus.Unhealthy;
            report.LastRunAt = check.At?.ToTimestamp();
        }
        else if (daemon is { State: DaemonState.Running, VerifiedAt: { } verifiedAt })
        {
            // A verified start has passed all three checks; the first probe comes a second later.
            report.Status = HealthStatus.Healthy;
            report.Description = "Verified when it started.";
            report.LastRunAt = verifiedAt.ToTimestamp();
        }

        return report;
    }
}
