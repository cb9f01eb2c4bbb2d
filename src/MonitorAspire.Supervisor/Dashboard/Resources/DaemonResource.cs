using Google.Protobuf.WellKnownTypes;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>A daemon as a resource. Its command has executable and arguments of the instance; it is empty where unknown.</summary>
internal static class DaemonResource
{
    /// <summary>The type under which the dashboard shows command line and PID.</summary>
    internal const string Type = "Executable";

    internal static Resource Of(DaemonSnapshot daemon, DateTimeOffset createdAt, IReadOnlyList<string> command)
    {
        var state = ResourceState.Of(daemon);
        var resource = new Resource
        {
            Name = ResourceName.Of(daemon.Name),
            Uid = daemon.Name,
            DisplayName = daemon.Name,
            ResourceType = Type,
            State = state.Text,
            CreatedAt = createdAt.ToTimestamp(),
            StartedAt = daemon.StartedAt?.ToTimestamp(),
            IconName = "HeartPulse",
            IconVariant = IconVariant.Filled,
        };
        if (state.Style is { } style)
        {
            resource.StateStyle = style;
        }

        resource.Commands.AddRange(DaemonCommands.Of(daemon.State));
        resource.Properties.AddRange(Properties(daemon, state, command));
        resource.HealthReports.AddRange(HealthReports(daemon));
        if (daemon.Url is { } url)
        {
            resource.Urls.Add(new Url
            {
                EndpointName = "http",
                FullUrl = url,
                // The link works only while the daemon listens.
                IsInactive = daemon.State is not (DaemonState.Running or DaemonState.Unhealthy),
                DisplayProperties = new UrlDisplayProperties(),
            });
        }

        return resource;
    }

    /// <summary>The details. Unknown values are left out. The dashboard knows the names that begin with "resource" and "executable".</summary>
    private static IEnumerable<ResourceProperty> Properties(DaemonSnapshot daemon, ResourceState state, IReadOnlyList<string> command)
    {
        var list = new PropertyList();
        list.Known("resource.displayName", daemon.Name);
        list.Known("resource.state", state.Text);
        list.Known("resource.startTime", daemon.StartedAt);
        list.Known("resource.exitCode", daemon.Pid is null && daemon.State != DaemonState.Stopped ? daemon.LastFailure?.ExitCode : null);
        list.Highlighted("executable.pid", "Process ID", daemon.Pid);
        foreach (var property in DaemonProperties.Of(daemon))
        {
            list.Add(property.Name, property.DisplayName, property.Value, property.IsHighlighted);
        }

        if (command.Count > 0)
        {
            list.Add("executable.path", "Executable", command[0]);
            list.Add("executable.args", "Arguments", command.Skip(1).ToArray());
        }

        return list.Items;
    }

    /// <summary>The three checks as health reports; none where there is no instance.</summary>
    private static List<HealthReport> HealthReports(DaemonSnapshot daemon)
    {
        if (daemon.State is not (DaemonState.Running or DaemonState.Unhealthy or DaemonState.Starting))
        {
            return [];
        }

        var reports = daemon.Checks.Select(HealthReportOf).ToList();

        // A daemon may be unhealthy for another reason than its checks.
        if (daemon.State == DaemonState.Unhealthy && reports.Count > 0 && reports.TrueForAll(r => r.HasStatus && r.Status == HealthStatus.Healthy))
        {
            var health = reports[^1];
            health.Status = HealthStatus.Unhealthy;
            health.Description = daemon.LastFailure?.Detail ?? "The probes before the latest one failed.";
        }

        return reports;
    }

    private static HealthReport HealthReportOf(CheckResult check)
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

/// <summary>The name of a resource in the dashboard's protocol. The dashboard finds the telemetry of a resource by it, so it must be
/// service name, hyphen and service instance id. Both are the name of the daemon here (see <see cref="Fleet.DaemonEnvironment"/>).</summary>
internal static class ResourceName
{
    internal static string Of(string service) => $"{service}-{service}";
}
