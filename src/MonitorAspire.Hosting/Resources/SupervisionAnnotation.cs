using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Resources;

/// <summary>Marks a resource as a daemon of the supervisor.</summary>
/// <param name="Definition">The daemon without its address, which is the endpoint's.</param>
/// <param name="EndpointName">The endpoint that is watched.</param>
internal sealed record SupervisionAnnotation(DaemonDefinition Definition, string EndpointName) : IResourceAnnotation
{
    /// <summary>The daemon's name.</summary>
    internal string DaemonName => Definition.Name!;

    /// <summary>The annotation for a daemon that Aspire launches: address, command and environment are the resource's.</summary>
    internal static SupervisionAnnotation Of(DaemonSpec spec, string endpointName) => new(
        DefinitionMapper.ToDefinition(spec) with
        {
            Host = null,
            Port = 0,
            PortRangeEnd = null,
            Service = null,
            Command = null,
            Arguments = [],
            WorkingDirectory = null,
            Environment = new Dictionary<string, string?>(),
            Launch = LaunchMode.Attached,

            // Only the built-in daemon writes its PID file, takes its lock and writes the record of its instance.
            PidFileWriter = spec.Command is null ? PidFileWriter.Daemon : PidFileWriter.Launcher,
        },
        endpointName);
}

/// <summary>Marks the resource that is the supervisor.</summary>
internal sealed record SupervisorAnnotation : IResourceAnnotation;
