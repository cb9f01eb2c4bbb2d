using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>A resource under supervision, with the endpoint that is watched.</summary>
/// <param name="Resource">The resource.</param>
/// <param name="Annotation">How it is supervised.</param>
/// <param name="Endpoint">The endpoint.</param>
internal sealed record SupervisedResource(IResourceWithEndpoints Resource, SupervisionAnnotation Annotation, EndpointAnnotation Endpoint)
{
    /// <summary>Its name for the supervisor.</summary>
    internal string Name => Annotation.DaemonName;

    /// <summary>A public port that is not the process's own is a proxy's: then the process is watched behind it.</summary>
    internal bool KeepsProxy => Endpoint is { Port: { } port, TargetPort: { } target } && port != target;

    /// <summary>The port that the process itself listens on; <see langword="null"/> while Aspire has not chosen one.</summary>
    internal int? Port => KeepsProxy ? Endpoint.TargetPort : Endpoint.AllocatedEndpoint?.Port ?? Endpoint.TargetPort ?? Endpoint.Port;

    /// <summary>What it is for the engine, or <see langword="null"/> while it has no port.</summary>
    internal DaemonSpec? Spec => Port is { } port
        ? new DaemonSpec
        {
            Name = Name,
            Host = Endpoint.TargetHost,
            Port = port,
            HealthPath = Annotation.Options.HealthPath,
            Launch = LaunchMode.Attached,
            PidFileWriter = Annotation.PidFileWriter,
        }
        : null;

    /// <summary>All of an application.</summary>
    /// <exception cref="DistributedApplicationException">One of them cannot be supervised; the message says why.</exception>
    internal static IReadOnlyList<SupervisedResource> In(DistributedApplicationModel model) =>
        [.. model.Resources.Select(resource => (Resource: resource, Annotation: resource.Annotations.OfType<SupervisionAnnotation>().FirstOrDefault()))
            .Where(r => r.Annotation is not null)
            .Select(r => Find((IResourceWithEndpoints)r.Resource, r.Annotation!))];

    private static SupervisedResource Find(IResourceWithEndpoints resource, SupervisionAnnotation annotation)
    {
        if (resource.GetReplicaCount() > 1)
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' has {resource.GetReplicaCount()} replicas and cannot be supervised: one daemon is one process on one port. Add it once for each port instead.");
        }

        var endpoint = resource.Annotations.OfType<EndpointAnnotation>()
            .FirstOrDefault(e => string.Equals(e.Name, annotation.EndpointName, StringComparison.OrdinalIgnoreCase));
        return endpoint switch
        {
            null => throw new DistributedApplicationException(
                $"'{resource.Name}' has no endpoint '{annotation.EndpointName}' that could be supervised; add one, for example with WithHttpEndpoint(env: \"PORT\"), or name another in WithSupervision"),
            { UriScheme: not "http" } => throw new DistributedApplicationException(
                $"endpoint '{annotation.EndpointName}' of '{resource.Name}' is {endpoint.UriScheme}; supervision asks for health over plain HTTP on this machine"),
            _ => new SupervisedResource(resource, annotation, endpoint),
        };
    }
}
