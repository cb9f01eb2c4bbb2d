using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Configuration;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Hosting.Supervisor;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using OpenTelemetry.Trace;

namespace Aspire.Hosting;

/// <summary>Adds the supervisor to a distributed application.</summary>
public static class MonitorSupervisorExtensions
{
    /// <summary>Default port of the supervisor.</summary>
    public const int DefaultPort = 8760;

    /// <summary>
    /// Adds the supervisor of a fleet. Aspire launches the daemons. The supervisor is attached: it verifies each start, watches each
    /// daemon, and decides on restarts, which Aspire then carries out.
    /// </summary>
    /// <typeparam name="TProject">The supervisor's project.</typeparam>
    /// <param name="fleet">The fleet.</param>
    /// <param name="name">Name of the resource. Default <c>monitor-supervisor</c>.</param>
    /// <param name="port">Port of its REST API on 127.0.0.1. Default 8760.</param>
    /// <returns>The supervisor's resource.</returns>
    /// <exception cref="DistributedApplicationException">The port is out of range or used by a daemon, or there is a supervisor already.</exception>
    public static IResourceBuilder<ProjectResource> AddMonitorSupervisor<TProject>(
        this MonitorFleet fleet, [ResourceName] string name = "monitor-supervisor", int port = DefaultPort)
        where TProject : IProjectMetadata, new()
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

        return fleet.ApplicationBuilder.AddSupervisor<TProject>(fleet.Options, name, port);
    }

    /// <summary>
    /// Adds the supervisor of all resources that are marked with
    /// <see cref="SupervisionExtensions.WithSupervision{T}(IResourceBuilder{T}, Action{DaemonDefinition}?, string)"/>, before or after this.
    /// </summary>
    /// <typeparam name="TProject">The supervisor's project.</typeparam>
    /// <param name="builder">The application. Its section <c>Monitors</c> has the time limits, and the policies of all resources that have none of their own.</param>
    /// <param name="name">Name of the resource. Default <c>monitor-supervisor</c>.</param>
    /// <param name="port">Port of its REST API on 127.0.0.1. Default 8760.</param>
    /// <returns>The supervisor's resource.</returns>
    /// <exception cref="DistributedApplicationException">The port is out of range, the configuration is wrong, or there is a supervisor already.</exception>
    public static IResourceBuilder<ProjectResource> AddMonitorSupervisor<TProject>(
        this IDistributedApplicationBuilder builder, [ResourceName] string name = "monitor-supervisor", int port = DefaultPort)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSupervisor<TProject>(MonitorsConfiguration.Read(builder.Configuration).Options, name, port);
    }

    private static IResourceBuilder<ProjectResource> AddSupervisor<TProject>(
        this IDistributedApplicationBuilder builder, MonitorsOptions options, string name, int port)
        where TProject : IProjectMetadata, new()
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

        var supervisor = builder.AddProject<TProject>(name, project =>
            {
                project.ExcludeLaunchProfile = true;
                project.ExcludeKestrelEndpoints = true;
            })
            .WithAnnotation(new SupervisorAnnotation())
            .WithHttpEndpoint(port: port, targetPort: port, name: MonitorDaemonsExtensions.EndpointName, env: "MONITOR_SUPERVISOR_PORT", isProxied: false)
            .WithEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => endpoint.TargetHost = "127.0.0.1", createIfNotExists: false)
            .WithArgs("--host", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture))
            .WithEnvironment(StateDirectory.EnvironmentVariable, options.StateDirectory)
            .WithEnvironment("Supervisor__Launcher", "true")
            .WithUrlForEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => new ResourceUrlAnnotation { Url = "/api/daemons", DisplayText = "Daemons" })
            .WithHttpHealthCheck("/health", endpointName: MonitorDaemonsExtensions.EndpointName);
        supervisor.WithEnvironment(context => WriteDaemons(
            context.EnvironmentVariables,
            SupervisedResource.AllOf(context.ExecutionContext.Services.GetRequiredService<DistributedApplicationModel>()),
            options));

        if (builder.ExecutionContext.IsRunMode)
        {
            var address = new SupervisorAddress(port, options.StateDirectory!, LaunchId: InstanceRecord.NewLaunchId(builder.AppHostDirectory));
            supervisor.WithEnvironment("Supervisor__LaunchId", address.LaunchId);
            builder.AddLaunching(supervisor.Resource, address);
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

    private static void AddLaunching(this IDistributedApplicationBuilder builder, ProjectResource supervisor, SupervisorAddress address)
    {
        builder.Services.AddSingleton(address);
        builder.Services.AddSingleton<SupervisorClient>();
        builder.Services.AddSingleton<LaunchTraces>();
        builder.Services.AddSingleton<LaunchReporter>();
        builder.Services.AddSingleton<DaemonDisplay>();
        builder.AddSupervisorDisplay(supervisor);
        builder.Services.AddSingleton<PortCheck>();
        builder.Services.AddSingleton<IDaemonEngine>(services => new DaemonEngine(
            new EngineOptions { StateDirectory = address.StateDirectory, LaunchId = address.LaunchId }, services.GetRequiredService<ILogger<DaemonEngine>>()));
        builder.Services.AddHostedService<SupervisorConnection>();
        builder.Services.AddHostedService<SupervisorRestarter>();
        builder.AddLaunchTracing();

        builder.OnBeforeStart((started, _) =>
        {
            var supervised = SupervisedResource.AllOf(started.Model);
            foreach (var one in supervised)
            {
                // The owner of a port can be proved only for the process's own port.
                if (!one.KeepsProxy)
                {
                    one.Endpoint.Port ??= one.Endpoint.TargetPort;
                    one.Endpoint.TargetPort ??= one.Endpoint.Port;
                    one.Endpoint.IsProxied = false;
                }

                supervisor.Annotations.Add(new ResourceRelationshipAnnotation(one.Resource, "Supervises"));
            }

            PortConflicts.Refuse(started.Model, builder.Configuration.GetValue("DcpPublisher:RandomizePorts", false));

            // The tracer must exist before the first span.
            started.Services.GetService<TracerProvider>();
            started.Services.GetRequiredService<LaunchTraces>().BeginApplication(supervised.Count);
            return Task.CompletedTask;
        });
        builder.Eventing.Subscribe<BeforeResourceStartedEvent>(supervisor, (starting, _) =>
        {
            starting.Services.GetRequiredService<LaunchTraces>().BeginSupervisor();
            return Task.CompletedTask;
        });
        builder.Eventing.Subscribe<BeforeResourceStartedEvent>((starting, cancellationToken) =>
            SupervisedResource.AllOf(starting.Services.GetRequiredService<DistributedApplicationModel>()).FirstOrDefault(s => s.Resource == starting.Resource) is { } supervised
                ? starting.Services.GetRequiredService<PortCheck>().BeforeLaunchAsync(supervised, cancellationToken)
                : Task.CompletedTask);
    }
}
