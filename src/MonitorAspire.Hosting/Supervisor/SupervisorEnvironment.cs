using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Supervisor;

/// <summary>Writes the section <c>Monitors</c> into the supervisor's environment.</summary>
internal static class SupervisorEnvironment
{
    internal static void Write(Dictionary<string, object> environment, IReadOnlyList<SupervisedResource> resources, MonitorsOptions options)
    {
        foreach (var (name, value) in MonitorsVariables.Of(options with { Daemons = [.. resources.Select(r => r.Definition)] }))
        {
            environment[name] = value;
        }

        // Aspire may select the ports. So the addresses are references, which have a value when the endpoint has one.
        foreach (var (index, resource) in resources.Index())
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"{MonitorsOptions.Section}__{nameof(MonitorsOptions.Daemons)}__{index}__");
            var endpoint = new EndpointReference(resource.Resource, resource.Endpoint);
            environment[prefix + nameof(DaemonDefinition.Host)] = endpoint.Property(EndpointProperty.Host);
            environment[prefix + nameof(DaemonDefinition.Port)] = resource.KeepsProxy
                ? resource.Port!.Value.ToString(CultureInfo.InvariantCulture)
                : endpoint.Property(EndpointProperty.Port);
        }
    }
}
