using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using MonitorAspire.Hosting;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;

namespace Aspire.Hosting;

/// <summary>Adds monitor daemons to a distributed application.</summary>
public static class MonitorDaemonsExtensions
{
    /// <summary>Name of the endpoint that every daemon and the supervisor have.</summary>
    public const string EndpointName = "http";

    /// <summary>
    /// Adds the daemons that the section <c>Monitors</c> of the application's configuration declares: a count and a base port
    /// (default 4 from 8768), or a list.
    /// </summary>
    /// <remarks>
    /// A daemon owns its port: the endpoint has no proxy in front, so that the port, the PID file and what <c>/health</c> says
    /// speak of one and the same process.
    /// </remarks>
    /// <typeparam name="TProject">The daemon's project.</typeparam>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Changes what the configuration says. Default nothing.</param>
    /// <returns>The fleet, to be given to a supervisor.</returns>
    /// <exception cref="DistributedApplicationException">The configuration is wrong; the message has one line for each fault.</exception>
    public static MonitorFleet AddMonitorDaemons<TProject>(this IDistributedApplicationBuilder builder, Action<MonitorsOptions>? configure = null)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = builder.Configuration.GetSection(MonitorsOptions.Section).Get<MonitorsOptions>() ?? new MonitorsOptions();
        configure?.Invoke(options);

        var specs = FleetTopology.Resolve(options, out var errors);
        if (errors.Count > 0)
        {
            throw new DistributedApplicationException(string.Join(Environment.NewLine, errors));
        }

        var stateDirectory = StateDirectory.Resolve(options.StateDirectory);
        var members = specs
            .Select(spec => spec with { Launch = LaunchMode.Attached })
            .Select(spec => new MonitorFleetMember(spec, builder.AddDaemon<TProject>(spec, stateDirectory)))
            .ToList();
        return new MonitorFleet(builder, options, stateDirectory, members);
    }

    private static IResourceBuilder<ProjectResource> AddDaemon<TProject>(this IDistributedApplicationBuilder builder, DaemonSpec spec, string stateDirectory)
        where TProject : IProjectMetadata, new()
    {
        if (spec.Command is not null)
        {
            throw new DistributedApplicationException(
                $"{MonitorsOptions.Section}: '{spec.Name}' has a command of its own; under Aspire add it with AddExecutable instead");
        }

        // The project's own launch profile and Kestrel section are about running it by hand, and would add endpoints.
        return builder.AddProject<TProject>(ResourceName.For(spec.Name), options =>
            {
                options.ExcludeLaunchProfile = true;
                options.ExcludeKestrelEndpoints = true;
            })
            // The name of a variable keeps Aspire from setting ASPNETCORE_URLS: the daemon binds what its arguments say.
            .WithHttpEndpoint(port: spec.Port, targetPort: spec.Port, name: EndpointName, env: "MONITOR_PORT", isProxied: false)
            .WithEndpoint(EndpointName, endpoint => endpoint.TargetHost = spec.Host, createIfNotExists: false)
            .WithArgs("--port", spec.Port.ToString(CultureInfo.InvariantCulture), "--host", spec.Host, "--state-dir", stateDirectory)
            .WithEnvironment("MONITOR_DAEMON_NAME", spec.Name)
            .WithEnvironment(StateDirectory.EnvironmentVariable, stateDirectory)
            .WithHttpHealthCheck(spec.HealthPath, endpointName: EndpointName);
    }
}
