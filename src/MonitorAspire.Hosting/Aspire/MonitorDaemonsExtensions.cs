using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;

namespace Aspire.Hosting;

/// <summary>Adds monitor daemons to a distributed application.</summary>
public static class MonitorDaemonsExtensions
{
    /// <summary>Name of the endpoint that every daemon and the supervisor have.</summary>
    public const string EndpointName = "http";

    /// <summary>
    /// Adds the daemons that the section <c>Monitors</c> of the application's configuration declares: a count and a base port
    /// (default 4 from 8768), or a list. One with a command of its own becomes an executable; of a range of ports the first free one is taken.
    /// </summary>
    /// <remarks>
    /// A daemon owns its port: the endpoint has no proxy in front, so that the port, the PID file and what <c>/health</c> says
    /// speak of one and the same process.
    /// </remarks>
    /// <typeparam name="TProject">The project of the built-in daemon.</typeparam>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Changes what the configuration says. Default nothing.</param>
    /// <returns>The fleet, to be given to a supervisor.</returns>
    /// <exception cref="DistributedApplicationException">The configuration is wrong; the message has one line for each fault.</exception>
    public static MonitorFleet AddMonitorDaemons<TProject>(this IDistributedApplicationBuilder builder, Action<MonitorsOptions>? configure = null)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (options, specs) = MonitorsConfiguration.Read(builder.Configuration, configure);
        var stateDirectory = StateDirectory.Resolve(options.StateDirectory);
        var given = specs.Select(spec => spec.Port).ToHashSet();
        var members = specs
            .Select(spec => (builder.ExecutionContext.IsRunMode ? WithFreePort(spec, given) : spec) with { Launch = LaunchMode.Attached, PortRangeEnd = null })
            .Select(spec => new MonitorFleetMember(spec, builder.AddDaemon<TProject>(spec, stateDirectory)))
            .ToList();
        return new MonitorFleet(builder, options, stateDirectory, members);
    }

    private static IResourceBuilder<IResourceWithEndpoints> AddDaemon<TProject>(this IDistributedApplicationBuilder builder, DaemonSpec spec, string stateDirectory)
        where TProject : IProjectMetadata, new()
        => spec.Command is null ? builder.AddBuiltIn<TProject>(spec, stateDirectory) : builder.AddCommand(spec, stateDirectory);

    // The project's own launch profile and Kestrel section are about running it by hand, and would add endpoints.
    private static IResourceBuilder<ProjectResource> AddBuiltIn<TProject>(this IDistributedApplicationBuilder builder, DaemonSpec spec, string stateDirectory)
        where TProject : IProjectMetadata, new() => builder
        .AddProject<TProject>(ResourceName.For(spec.Name), options =>
        {
            options.ExcludeLaunchProfile = true;
            options.ExcludeKestrelEndpoints = true;
        })
        .WithArgs("--port", spec.Port.ToString(CultureInfo.InvariantCulture), "--host", spec.Host, "--state-dir", stateDirectory)
        .OnItsOwnPort(spec, stateDirectory);

    private static IResourceBuilder<ExecutableResource> AddCommand(this IDistributedApplicationBuilder builder, DaemonSpec spec, string stateDirectory)
    {
        var files = new DaemonFiles(stateDirectory, spec.Port);

        // Relative to the settings, as in the standalone engine.
        var directory = Path.GetFullPath(spec.WorkingDirectory ?? ".", AppContext.BaseDirectory);
        var command = builder.AddExecutable(ResourceName.For(spec.Name), spec.Command!, directory, [.. spec.Arguments.Select(a => files.FillIn(a, spec.Host))]);
        foreach (var (name, value) in spec.Environment)
        {
            command.WithEnvironment(name, value is null ? null : files.FillIn(value, spec.Host));
        }

        return command.OnItsOwnPort(spec, stateDirectory);
    }

    private static IResourceBuilder<T> OnItsOwnPort<T>(this IResourceBuilder<T> daemon, DaemonSpec spec, string stateDirectory)
        where T : IResourceWithEndpoints, IResourceWithEnvironment => daemon
        // The name of a variable keeps Aspire from setting ASPNETCORE_URLS: the daemon binds what its arguments say.
        .WithHttpEndpoint(port: spec.Port, targetPort: spec.Port, name: EndpointName, env: "MONITOR_PORT", isProxied: false)
        .WithEndpoint(EndpointName, endpoint => endpoint.TargetHost = spec.Host, createIfNotExists: false)
        .WithEnvironment("MONITOR_DAEMON_NAME", spec.Name)
        .WithEnvironment(StateDirectory.EnvironmentVariable, stateDirectory)
        .WithHttpHealthCheck(spec.HealthPath, endpointName: EndpointName);

    /// <summary>Takes the first free port of a daemon's range. Where none is, it stays on its first one, and the launch says who has that.</summary>
    private static DaemonSpec WithFreePort(DaemonSpec spec, HashSet<int> given)
    {
        if (spec.PortRangeEnd is not { } last)
        {
            return spec;
        }

        // A host that means nothing is for the daemon to complain of, as it does without a range.
        var addresses = HostAddresses.Find(spec.Host);
        var free = PortAvailability.Current.FirstFree(addresses, spec.Port, last, port => port == spec.Port || !given.Contains(port)) ?? spec.Port;
        given.Add(free);
        return spec with { Port = free };
    }
}
