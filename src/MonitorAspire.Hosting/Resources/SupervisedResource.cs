using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace MonitorAspire.Hosting.Resources;

/// <summary>A resource under supervision, with the endpoint that is watched. The definition has no address.</summary>
internal sealed record SupervisedResource(IResourceWithEndpoints Resource, DaemonDefinition Definition, EndpointAnnotation Endpoint)
{
    internal string Name => Definition.Name!;

    /// <summary>A public port that differs from the process's own is the port of a proxy. The process behind it is watched.</summary>
    internal bool KeepsProxy => Endpoint is { Port: { } port, TargetPort: { } target } && port != target;

    /// <summary>The port that the process itself listens on; <see langword="null"/> until Aspire has selected one.</summary>
    internal int? Port => KeepsProxy ? Endpoint.TargetPort : Endpoint.AllocatedEndpoint?.Port ?? Endpoint.TargetPort ?? Endpoint.Port;

    internal DaemonSpec? Spec => Port is { } port ? DefinitionMapper.ToSpec(Definition with { Host = Endpoint.TargetHost, Port = port }) : null;

    /// <summary>All supervised resources of an application. A published one can have replicas.</summary>
    /// <exception cref="DistributedApplicationException">One of them cannot be supervised; the message says why.</exception>
    internal static IReadOnlyList<SupervisedResource> AllOf(DistributedApplicationModel model, bool allowReplicas = false)
    {
        List<SupervisedResource> all = [.. model.Resources.Select(resource => (Resource: resource, Annotation: resource.Annotations.OfType<SupervisionAnnotation>().FirstOrDefault()))
            .Where(r => r.Annotation is not null)
            .Select(r => Of((IResourceWithEndpoints)r.Resource, r.Annotation!, allowReplicas))];
        return [.. all.Select(one => one with { Definition = one.Definition with { DependsOn = DependenciesOf(one, all) } })];
    }

    // Aspire does the waiting. The supervisor shows what for, and restarts a daemon with one that it needs where its definition says so.
    private static List<DaemonDependency> DependenciesOf(SupervisedResource one, List<SupervisedResource> all) =>
    [
        .. one.Definition.DependsOn
            .Concat(Needs.Of(one.Resource).SelectMany(needed => all.Where(other => other.Resource == needed.Resource).Select(other => new DaemonDependency { Name = other.Name, Condition = needed.Condition })))
            .DistinctBy(dependency => dependency.Name, StringComparer.OrdinalIgnoreCase),
    ];

    private static SupervisedResource Of(IResourceWithEndpoints resource, SupervisionAnnotation annotation, bool allowReplicas)
    {
        if (!allowReplicas && resource.GetReplicaCount() > 1)
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' has {resource.GetReplicaCount()} replicas and cannot be supervised: a daemon is one process on one port. Add it once for each port instead.");
        }

        var endpoint = resource.Annotations.OfType<EndpointAnnotation>()
            .FirstOrDefault(e => string.Equals(e.Name, annotation.EndpointName, StringComparison.OrdinalIgnoreCase));
        return endpoint switch
        {
            null => throw new DistributedApplicationException(
                $"'{resource.Name}' has no endpoint '{annotation.EndpointName}' that could be supervised; add one, for example with WithHttpEndpoint(env: \"PORT\"), or name another in WithSupervision"),
            { UriScheme: "https" } => new SupervisedResource(resource, OverHttps(annotation.Definition), endpoint),
            { UriScheme: not "http" } when annotation.Definition.Health is null => throw new DistributedApplicationException(
                $"endpoint '{annotation.EndpointName}' of '{resource.Name}' is {endpoint.UriScheme}; set the health check that fits, for example WithSupervision(options => options.Health = new HealthCheck {{ Kind = HealthCheckKind.Tcp }})"),
            _ => new SupervisedResource(resource, annotation.Definition, endpoint),
        };
    }

    // HTTP is the default of the kind, and plain HTTP cannot be right on an HTTPS endpoint.
    private static DaemonDefinition OverHttps(DaemonDefinition definition) =>
        (definition.Health ?? new HealthCheck()) is { Kind: HealthCheckKind.Http } health ? definition with { Health = health with { Kind = HealthCheckKind.Https } } : definition;
}

/// <summary>Marks a resource as a daemon of the supervisor. The address is the endpoint's and not in the definition.</summary>
internal sealed record SupervisionAnnotation(DaemonDefinition Definition, string EndpointName) : IResourceAnnotation
{
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
            RestartOnChange = spec.RestartOnChange is { } rule
                ? rule with { Paths = [.. rule.Paths.Select(path => Path.GetFullPath(path, Path.GetFullPath(spec.WorkingDirectory ?? ".", AppContext.BaseDirectory)))] }
                : null,

            // Only the built-in daemon writes its PID file, takes its lock and writes the record of its instance.
            PidFileWriter = spec.Command is null ? PidFileWriter.Daemon : PidFileWriter.Launcher,
        },
        endpointName);
}

/// <summary>Marks the resource that is the supervisor.</summary>
internal sealed record SupervisorAnnotation : IResourceAnnotation;
