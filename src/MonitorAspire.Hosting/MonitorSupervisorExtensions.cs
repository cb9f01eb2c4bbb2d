using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Configuration;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Publishing;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Hosting.Supervisor;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;
using OpenTelemetry.Trace;

namespace Aspire.Hosting;

/// <summary>Adds the supervisor to a distributed application.</summary>
public static class MonitorSupervisorExtensions
{
    private const string HealthCheckLog = "Microsoft.Extensions.Diagnostics.HealthChecks.DefaultHealthCheckService";

    /// <summary>
    /// Adds the supervisor of a fleet. Aspire launches the daemons. The supervisor is attached: it verifies each start, watches each
    /// daemon, and decides on restarts, which Aspire then carries out.
    /// </summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="name">Name of the resource. Default <c>monitor-supervisor</c>.</param>
    /// <param name="port">Port of its REST API on 127.0.0.1. Default: Aspire selects a free one.</param>
    /// <returns>The supervisor's resource.</returns>
    /// <exception cref="DistributedApplicationException">
    /// The port is out of range or used by a daemon, there is a supervisor already, or its program is not found.
    /// </exception>
    public static IResourceBuilder<MonitorSupervisorResource> AddMonitorSupervisor(this MonitorFleet fleet, [ResourceName] string name = "monitor-supervisor", int? port = null)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        if (fleet.Specs.Any(spec => spec.Port == port))
        {
            throw new DistributedApplicationException($"port {port} of '{name}' is also the port of one of its daemons");
        }

        foreach (var (daemon, spec) in fleet.Daemons.Zip(fleet.Specs))
        {
            // The supervisor's three reports replace Aspire's own health check.
            foreach (var check in daemon.Resource.Annotations.OfType<HealthCheckAnnotation>().ToList())
            {
                daemon.Resource.Annotations.Remove(check);
            }

            daemon.Supervise(SupervisionAnnotation.Of(spec, MonitorDaemonsExtensions.EndpointName));
        }

        return fleet.ApplicationBuilder.AddSupervisor(fleet.Options, name, port);
    }

    /// <summary>
    /// Adds the supervisor of all resources that are marked with
    /// <see cref="SupervisionExtensions.WithSupervision{T}(IResourceBuilder{T}, Action{DaemonDefinition}?, string)"/>, before or after this.
    /// Its program comes with this package. It is not part of a published application.
    /// </summary>
    /// <param name="builder">The application. Its section <c>Monitors</c> has the time limits, and the policies of all resources that have none of their own.</param>
    /// <param name="name">Name of the resource. Default <c>monitor-supervisor</c>.</param>
    /// <param name="port">Port of its REST API on 127.0.0.1. Default: Aspire selects a free one.</param>
    /// <returns>The supervisor's resource.</returns>
    /// <exception cref="DistributedApplicationException">
    /// The port is out of range, the configuration is wrong, there is a supervisor already, or its program is not found.
    /// </exception>
    public static IResourceBuilder<MonitorSupervisorResource> AddMonitorSupervisor(
        this IDistributedApplicationBuilder builder, [ResourceName] string name = "monitor-supervisor", int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSupervisor(MonitorsConfiguration.Read(builder.Configuration).Options, name, port);
    }

    private static IResourceBuilder<MonitorSupervisorResource> AddSupervisor(this IDistributedApplicationBuilder builder, MonitorsOptions options, string name, int? port)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (port is < 1 or > 65535)
        {
            throw new DistributedApplicationException($"port {port} of '{name}' is out of range (1-65535)");
        }

        if (builder.Resources.FirstOrDefault(r => r.HasAnnotationOfType<SupervisorAnnotation>()) is { } other)
        {
            throw new DistributedApplicationException($"'{other.Name}' supervises this application already; an application has one supervisor");
        }

        var isRun = builder.ExecutionContext.IsRunMode;
        var program = isRun ? ProgramDirectory.Find(builder, OwnProgram.Supervisor) : new OwnProgram(OwnProgram.Supervisor, []);
        var supervisor = builder.AddResource(new MonitorSupervisorResource(name, program.Command, isRun ? Path.GetDirectoryName(program.Command)! : "."))
            .WithArgs([.. program.Arguments])
            .WithAnnotation(new SupervisorAnnotation())
            .ExcludeFromManifest()
            .WithHttpEndpoint(port: port, targetPort: port, name: MonitorDaemonsExtensions.EndpointName, env: "MONITOR_SUPERVISOR_PORT", isProxied: false)
            .WithEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => endpoint.TargetHost = "127.0.0.1", createIfNotExists: false)
            .WithEnvironment("MONITOR_SUPERVISOR_HOST", "127.0.0.1")
            .WithEnvironment(StateDirectory.EnvironmentVariable, options.StateDirectory)
            .WithEnvironment("Supervisor__Launcher", "true")
            .WithOtlpExporter()
            .WithUrlForEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => new ResourceUrlAnnotation { Url = "/api/daemons", DisplayText = "Daemons" });
        supervisor.WithEnvironment(context => WriteDaemons(
            context.EnvironmentVariables,
            SupervisedResource.AllOf(context.ExecutionContext.Services.GetRequiredService<DistributedApplicationModel>()),
            options));

        if (isRun)
        {
            var address = new SupervisorAddress(
                supervisor.Resource.Annotations.OfType<EndpointAnnotation>().Single(),
                options.StateDirectory!,
                LaunchId: InstanceRecord.NewLaunchId(builder.AppHostDirectory),
                Token: RandomNumberGenerator.GetHexString(64, lowercase: true));
            supervisor
                .WithEnvironment("Supervisor__LaunchId", address.LaunchId)
                .WithEnvironment("Supervisor__Token", address.Token)
                .WithEnvironment("Supervisor__Temporary", port is null ? "true" : "false");
            builder.AddLaunching(supervisor, address);
        }
        else
        {
            builder.AddPublishing(options);
        }

        return supervisor;
    }

    // The section Monitors.
    private static void WriteDaemons(Dictionary<string, object> environment, IReadOnlyList<SupervisedResource> resources, MonitorsOptions options)
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

    // Aspire would wait for ever.
    private static void RefuseOrder(IReadOnlyList<SupervisedResource> supervised)
    {
        if (StartOrder.Problems([.. supervised.Select(one => DefinitionMapper.ToSpec(one.Definition with { Port = DaemonSpec.DefaultPort }))]) is [var (index, problem), ..])
        {
            throw new DistributedApplicationException($"'{supervised[index].Resource.Name}' cannot be started: {problem}");
        }
    }

    private static void AddLaunching(this IDistributedApplicationBuilder builder, IResourceBuilder<MonitorSupervisorResource> supervisor, SupervisorAddress address)
    {
        builder.Services.AddSingleton(address);
        builder.Services.AddSingleton<SupervisorClient>();
        builder.Services.AddSingleton<LaunchTraces>();
        builder.Services.AddSingleton<LaunchReporter>();
        builder.Services.AddSingleton<DaemonDisplay>();
        builder.AddSupervisorDisplay(supervisor.Resource);
        builder.Services.AddSingleton<IDaemonEngine>(services => new DaemonEngine(
            new EngineOptions { StateDirectory = address.StateDirectory, LaunchId = address.LaunchId }, services.GetRequiredService<ILogger<DaemonEngine>>()));
        builder.Services.AddHostedService<PortCheck>();
        builder.Services.AddHostedService<StopOrder>();
        builder.Services.AddHostedService<SupervisorConnection>();
        builder.Services.AddHostedService<SupervisorRestarter>();
        builder.AddLaunchTracing();

        // Until a resource has started, Aspire checks its health again and again, and each result would be an error in the log. The health is
        // shown by the resource itself. A level that the configuration has remains.
        if (builder.Configuration[$"Logging:LogLevel:{HealthCheckLog}"] is null)
        {
            builder.Services.AddLogging(static logging => logging.AddFilter(HealthCheckLog, LogLevel.None));
        }

        // Not Aspire's own check: an answer from another program on the port is not the supervisor's health.
        var check = $"{supervisor.Resource.Name}-health";
        builder.Services.AddSingleton<SupervisorHealthCheck>();
        builder.Services.AddHealthChecks().AddCheck<SupervisorHealthCheck>(check);
        supervisor.WithHealthCheck(check);

        var hasRandomPorts = builder.Configuration.GetValue("DcpPublisher:RandomizePorts", false);
        builder.OnBeforeStart((started, _) =>
        {
            var supervised = SupervisedResource.AllOf(started.Model);
            foreach (var one in supervised)
            {
                // A test runs with random ports. This one is only where Aspire's proxy would listen; the process listens where it is told.
                if (hasRandomPorts && one.Endpoint is { IsProxied: true, TargetPort: null })
                {
                    one.Endpoint.Port = null;
                }

                // The owner of a port can be proved only for the process's own port.
                if (!one.KeepsProxy)
                {
                    one.Endpoint.Port ??= one.Endpoint.TargetPort;
                    one.Endpoint.TargetPort ??= one.Endpoint.Port;
                    one.Endpoint.IsProxied = false;
                }

                supervisor.Resource.Annotations.Add(new ResourceRelationshipAnnotation(one.Resource, "Supervises"));
            }

            PortConflicts.Refuse(started.Model, hasRandomPorts);
            RefuseOrder(supervised);

            // The tracer must exist before the first span.
            started.Services.GetService<TracerProvider>();
            started.Services.GetRequiredService<LaunchTraces>().BeginApplication(supervised.Count);
            return Task.CompletedTask;
        });
        builder.Eventing.Subscribe<BeforeResourceStartedEvent>(supervisor.Resource, (starting, _) =>
        {
            starting.Services.GetRequiredService<LaunchTraces>().BeginSupervisor();
            return Task.CompletedTask;
        });
    }
}
