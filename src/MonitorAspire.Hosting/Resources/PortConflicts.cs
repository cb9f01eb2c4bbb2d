using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace MonitorAspire.Hosting.Resources;

/// <summary>Finds resources that would listen on one port. The second one could only fail, after the first one was started.</summary>
internal static class PortConflicts
{
    /// <exception cref="DistributedApplicationException">A supervised resource has the port of another resource; the message names both.</exception>
    internal static void Refuse(DistributedApplicationModel model, bool areProxiesRandom)
    {
        // A resource that a person starts may be an alternative to another one. Its port is checked when it is started.
        var listeners = model.Resources
            .Where(resource => !resource.HasAnnotationOfType<ExplicitStartupAnnotation>())
            .SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()
                .Where(endpoint => endpoint.Protocol == ProtocolType.Tcp)
                .SelectMany(endpoint => PortsOf(resource, endpoint, areProxiesRandom).Select(port => (Resource: resource, endpoint.TargetHost, Port: port))))
            .ToList();
        foreach (var supervised in listeners.Where(l => l.Resource.HasAnnotationOfType<SupervisionAnnotation>()))
        {
            foreach (var other in listeners.Where(l => l.Resource != supervised.Resource && l.Port == supervised.Port && Overlap(l.TargetHost, supervised.TargetHost)))
            {
                throw new DistributedApplicationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{supervised.Resource.Name}' and '{other.Resource.Name}' have the same port {supervised.Port}; give one of them another port, or none, so that Aspire selects a free one"));
            }
        }
    }

    private static HashSet<int> PortsOf(IResource resource, EndpointAnnotation endpoint, bool areProxiesRandom)
    {
        var ports = new HashSet<int>();
        if (endpoint.Port is { } port && !(endpoint.IsProxied && areProxiesRandom))
        {
            ports.Add(port);
        }

        // The target port of a container is in the container.
        if (!resource.IsContainer() && endpoint.TargetPort is { } target)
        {
            ports.Add(target);
        }

        ports.Remove(0);
        return ports;
    }

    private static bool Overlap(string one, string other) =>
        !IPAddress.TryParse(one, out var first) || !IPAddress.TryParse(other, out var second) || first.Equals(second) || IsAny(first) || IsAny(second);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
