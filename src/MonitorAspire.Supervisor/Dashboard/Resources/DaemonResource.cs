using Google.Protobuf.WellKnownTypes;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>A daemon as a resource.</summary>
internal static class DaemonResource
{
    /// <summary>The type under which the dashboard shows command line and PID.</summary>
    internal const string Type = "Executable";

    /// <summary>Makes the resource.</summary>
    /// <param name="daemon">The daemon.</param>
    /// <param name="createdAt">When the supervisor started.</param>
    /// <param name="command">Executable and arguments of the instance; empty where unknown.</param>
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
        resource.Properties.AddRange(DaemonProperties.Of(daemon, state, command));
        resource.HealthReports.AddRange(DaemonHealth.Of(daemon));
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
}
