using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;

namespace Aspire.Hosting;

/// <summary>Adds the supervisor of a fleet to a distributed application.</summary>
public static class MonitorSupervisorExtensions
{
    /// <summary>Default port of the supervisor.</summary>
    public const int DefaultPort = 8760;

    /// <summary>
    /// Adds the supervisor of a fleet. Aspire launches the daemons; the supervisor is attached: it verifies each start, watches
    /// each daemon and decides on restarts.
    /// </summary>
    /// <typeparam name="TProject">The supervisor's project.</typeparam>
    /// <param name="fleet">The fleet.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="port">Port of its interface on 127.0.0.1. Default 8760.</param>
    /// <returns>The supervisor's resource.</returns>
    public static IResourceBuilder<ProjectResource> AddMonitorSupervisor<TProject>(
        this MonitorFleet fleet, [ResourceName] string name = "monitor-supervisor", int port = DefaultPort)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(fleet);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (port is < 1 or > 65535 || fleet.Members.Any(member => member.Spec.Port == port))
        {
            throw new DistributedApplicationException($"port {port} of '{name}' is out of range (1-65535) or one of its daemons' own");
        }

        var supervisor = fleet.ApplicationBuilder.AddProject<TProject>(name, options =>
            {
                options.ExcludeLaunchProfile = true;
                options.ExcludeKestrelEndpoints = true;
            })
            .WithHttpEndpoint(port: port, targetPort: port, name: MonitorDaemonsExtensions.EndpointName, env: "MONITOR_SUPERVISOR_PORT", isProxied: false)
            .WithEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => endpoint.TargetHost = "127.0.0.1", createIfNotExists: false)
            .WithArgs("--host", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture))
            .WithEnvironment(StateDirectory.EnvironmentVariable, fleet.StateDirectory)
            .WithEnvironment(context => DescribeFleet(fleet, context.EnvironmentVariables))
            .WithUrlForEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => new ResourceUrlAnnotation { Url = "/api/daemons", DisplayText = "Daemons" })
            .WithHttpHealthCheck("/health", endpointName: MonitorDaemonsExtensions.EndpointName);

        foreach (var member in fleet.Members)
        {
            // Its name resolves through service discovery, and the dashboard draws the line between the two.
            supervisor.WithReference(member.Resource);
        }

        return supervisor;
    }

    private static void DescribeFleet(MonitorFleet fleet, Dictionary<string, object> environment)
    {
        Set("StateDirectory", fleet.StateDirectory);
        Set("StartTimeout", fleet.Options.StartTimeout.ToString("c", CultureInfo.InvariantCulture));
        Set("StopGracePeriod", fleet.Options.StopGracePeriod.ToString("c", CultureInfo.InvariantCulture));
        for (var i = 0; i < fleet.Members.Count; i++)
        {
            var spec = fleet.Members[i].Spec;
            Set($"Daemons__{i}__Name", spec.Name);
            Set($"Daemons__{i}__Host", spec.Host);
            Set($"Daemons__{i}__Port", spec.Port.ToString(CultureInfo.InvariantCulture));
            Set($"Daemons__{i}__HealthPath", spec.HealthPath);
            Set($"Daemons__{i}__Launch", nameof(LaunchMode.Attached));
        }

        void Set(string key, string value) => environment[$"{MonitorsOptions.Section}__{key}"] = value;
    }
}
