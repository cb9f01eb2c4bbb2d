using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Resources;

/// <summary>A resource under supervision, with the endpoint that is watched.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Definition">The daemon without its address.</param>
/// <param name="Endpoint">The endpoint.</param>
internal sealed record SupervisedResource(IResourceWithEndpoints Resource, DaemonDefinition Definition, EndpointAnnotation Endpoint)
{
    /// <summary>The daemon's name.</summary>
    internal string Name => Definition.Name!;

    /// <summary>A public port that differs from the process's own is the port of a proxy. The process behind it is watched.</summary>
    internal bool KeepsProxy => Endpoint is { Port: { } port, TargetPort: { } target } && port != target;

    /// <summary>The port that the process itself listens on; <see langword="null"/> until Aspire has selected one.</summary>
    internal int? Port => KeepsProxy ? Endpoint.TargetPort : Endpoint.AllocatedEndpoint?.Port ?? Endpoint.TargetPort ?? Endpoint.Port;

    /// <summary>The spec, or <see langword="null"/> until it has a port.</summary>
    internal DaemonSpec? Spec => Port is { } port ? DefinitionMapper.ToSpec(Definition with { Host = Endpoint.TargetHost, Port = port }) : null;

    /// <summary>All supervised resources of an application.</summary>
    /// <exception cref="DistributedApplicationException">One of them cannot be supervised; the message says why.</exception>
    internal static IReadOnlyList<SupervisedResource> AllOf(DistributedApplicationModel model) =>
        [.. model.Resources.Select(resource => (Resource: resource, Annotation: resource.Annotations.OfType<SupervisionAnnotation>().FirstOrDefault()))
            .Where(r => r.Annotation is not null)
            .Select(r => Of((IResourceWithEndpoints)r.Resource, r.Annotation!))];

    private static SupervisedResource Of(IResourceWithEndpoints resource, SupervisionAnnotation annotation)
    {
        if (resource.GetReplicaCount() > 1)
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
            { UriScheme: not "http" } => throw new DistributedApplicationException(
                $"endpoint '{annotation.EndpointName}' of '{resource.Name}' is {endpoint.UriScheme}; supervision checks health over plain HTTP on this machine"),
            _ => new SupervisedResource(resource, annotation.Definition, endpoint),
        };
    }
}
