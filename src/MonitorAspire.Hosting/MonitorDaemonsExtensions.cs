using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Hosting.Configuration;
using MonitorAspire.Hosting.Publishing;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace Aspire.Hosting;

/// <summary>Adds monitor daemons to a distributed application.</summary>
public static class MonitorDaemonsExtensions
{
    /// <summary>Name of the endpoint that every daemon and the supervisor have.</summary>
    public const string EndpointName = "http";

    /// <summary>
    /// Adds the daemons that the section <c>Monitors</c> of the application's configuration declares: a count and a base port
    /// (default 4 from 8768), or a list. A daemon with a command becomes an executable. Of a range of ports the first free one is used.
    /// </summary>
    /// <remarks>
    /// The endpoint has no proxy: the port, the PID file and the answer of <c>/health</c> must be those of the same process.
    /// </remarks>
    /// <typeparam name="TProject">The project of the built-in daemon.</typeparam>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Changes the options that the configuration has. Default: no change.</param>
    /// <returns>The fleet, for <see cref="MonitorSupervisorExtensions.AddMonitorSupervisor(MonitorFleet, string, int?)"/>.</returns>
    /// <exception cref="DistributedApplicationException">The configuration is wrong; the message is one line with all errors.</exception>
    public static MonitorFleet AddMonitorDaemons<TProject>(this IDistributedApplicationBuilder builder, Action<MonitorsOptions>? configure = null)
        where TProject : IProjectMetadata, new()
        => builder.AddFleet(configure, AddBuiltIn<TProject>);

    /// <summary>
    /// The same with the daemon's program that comes with this package: built-in daemons are executables too. They are not part of a published
    /// application.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Changes the options that the configuration has. Default: no change.</param>
    /// <returns>The fleet, for <see cref="MonitorSupervisorExtensions.AddMonitorSupervisor(MonitorFleet, string, int?)"/>.</returns>
    /// <exception cref="DistributedApplicationException">The configuration is wrong, or the program is not found.</exception>
    public static MonitorFleet AddMonitorDaemons(this IDistributedApplicationBuilder builder, Action<MonitorsOptions>? configure = null)
        => builder.AddFleet(configure, AddProgram);

    private static MonitorFleet AddFleet(
        this IDistributedApplicationBuilder builder,
        Action<MonitorsOptions>? configure,
        Func<IDistributedApplicationBuilder, DaemonSpec, string, IResourceBuilder<IResourceWithEndpoints>> addBuiltIn)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (options, configured) = MonitorsConfiguration.Read(builder.Configuration, configure);
        var ports = configured.Select(spec => spec.Port).ToHashSet();
        var isRun = builder.ExecutionContext.IsRunMode;
        var specs = configured.Select(spec => isRun ? WithFreePort(spec, ports) : spec with { Host = PublishedSupervision.Host }).ToList();

        // Nothing of this machine gets into a published application.
        var stateDirectory = isRun ? options.StateDirectory! : PublishedSupervision.StateDirectory;
        List<IResourceBuilder<IResourceWithEndpoints>> daemons = [.. specs.Select(spec => spec.Command is null
            ? addBuiltIn(builder, spec, stateDirectory)
            : builder.AddCommand(spec, spec.Command, stateDirectory))];
        builder.WithStartOrder(specs, daemons);
        return new MonitorFleet(builder, options, specs, daemons);
    }

    // Aspire launches the daemons, so it does the waiting too.
    private static void WithStartOrder(this IDistributedApplicationBuilder builder, List<DaemonSpec> specs, List<IResourceBuilder<IResourceWithEndpoints>> daemons)
    {
        foreach (var (spec, daemon) in specs.Zip(daemons))
        {
            var waiting = builder.CreateResourceBuilder((IResourceWithWaitSupport)daemon.Resource);
            foreach (var dependency in spec.DependsOn)
            {
                var needed = daemons[specs.FindIndex(s => string.Equals(s.Name, dependency.Name, StringComparison.OrdinalIgnoreCase))];
                _ = dependency.Condition == DependencyCondition.Started ? waiting.WaitForStart(needed) : waiting.WaitFor(needed);
            }

            if (!spec.AutoStart)
            {
                waiting.WithExplicitStart();
            }
        }
    }

    private static IResourceBuilder<ExecutableResource> AddProgram(IDistributedApplicationBuilder builder, DaemonSpec spec, string stateDirectory)
    {
        var program = builder.ExecutionContext.IsRunMode ? ProgramDirectory.Find(builder, OwnProgram.Daemon) : new OwnProgram(OwnProgram.Daemon, []);
        return builder.AddExecutable(ResourceName.For(spec.Name), program.Command, ".", [.. program.Arguments, .. BuiltInArguments(spec, stateDirectory)])
            .WithOtlpExporter()
            .ExcludeFromManifest()
            .WithOwnPort(spec, stateDirectory);
    }

    private static string[] BuiltInArguments(DaemonSpec spec, string stateDirectory)
        => ["--port", spec.Port.ToString(CultureInfo.InvariantCulture), "--host", spec.Host, "--state-dir", stateDirectory];

    private static IResourceBuilder<ProjectResource> AddBuiltIn<TProject>(IDistributedApplicationBuilder builder, DaemonSpec spec, string stateDirectory)
        where TProject : IProjectMetadata, new() => builder
        .AddProject<TProject>(ResourceName.For(spec.Name), options =>
        {
            // They are for running the project alone, and would add endpoints.
            options.ExcludeLaunchProfile = true;
            options.ExcludeKestrelEndpoints = true;
        })
        .WithArgs(BuiltInArguments(spec, stateDirectory))
        .WithOwnPort(spec, stateDirectory);

    private static IResourceBuilder<ExecutableResource> AddCommand(this IDistributedApplicationBuilder builder, DaemonSpec spec, string command, string stateDirectory)
    {
        var files = new DaemonFiles(stateDirectory, spec.Port);

        // The configuration is beside the AppHost, so a relative directory is relative to that.
        var directory = Path.GetFullPath(spec.WorkingDirectory ?? ".", AppContext.BaseDirectory);
        var executable = builder.AddExecutable(ResourceName.For(spec.Name), command, directory, [.. spec.Arguments.Select(a => files.FillIn(a, spec.Host))]);
        foreach (var (name, value) in spec.Environment)
        {
            executable.WithEnvironment(name, value is null ? null : files.FillIn(value, spec.Host));
        }

        return executable.WithOwnPort(spec, stateDirectory);
    }

    private static IResourceBuilder<T> WithOwnPort<T>(this IResourceBuilder<T> daemon, DaemonSpec spec, string stateDirectory)
        where T : IResourceWithEndpoints, IResourceWithEnvironment
    {
        // With a variable for the port Aspire does not set ASPNETCORE_URLS. The daemon listens where its arguments say.
        daemon.WithEndpoint(port: spec.Port, targetPort: spec.Port, scheme: SchemeOf(spec.Health.Kind), name: EndpointName, env: "MONITOR_PORT", isProxied: false)
            .WithEndpoint(EndpointName, endpoint => endpoint.TargetHost = spec.Host, createIfNotExists: false)
            .WithEnvironment("MONITOR_DAEMON_NAME", spec.Name)
            .WithEnvironment(StateDirectory.EnvironmentVariable, stateDirectory);
        return spec.Health.Kind == HealthCheckKind.Http ? daemon.WithHttpHealthCheck(spec.HealthPath, endpointName: EndpointName) : daemon;
    }

    // The dashboard makes a link of a web server's address.
    private static string SchemeOf(HealthCheckKind kind) => kind switch
    {
        HealthCheckKind.Http => "http",
        HealthCheckKind.Https => "https",
        _ => "tcp",
    };

    /// <summary>Selects the first free port of a daemon's range. If none is free it is the first port, and the launch reports its owner.</summary>
    private static DaemonSpec WithFreePort(DaemonSpec spec, HashSet<int> used)
    {
        if (spec.PortRangeEnd is not { } last)
        {
            return spec;
        }

        // A host without an address is reported by the daemon, as it is without a range.
        var addresses = HostAddresses.Find(spec.Host);
        var free = PortAvailability.Current.FirstFree(addresses, spec.Port, last, port => port == spec.Port || !used.Contains(port)) ?? spec.Port;
        used.Add(free);
        return spec with { Port = free };
    }
}
