using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting;
using MonitorAspire.Hosting.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Startup;
using OpenTelemetry.Trace;

namespace Aspire.Hosting;

/// <summary>Adds the supervisor to a distributed application.</summary>
public static class MonitorSupervisorExtensions
{
    /// <summary>Default port of the supervisor.</summary>
    public const int DefaultPort = 8760;

    /// <summary>
    /// Adds the supervisor of a fleet. Aspire launches the daemons; the supervisor is attached: it verifies each start, watches each
    /// daemon, and decides on restarts, which Aspire then carries out.
    /// </summary>
    /// <typeparam name="TProject">The supervisor's project.</typeparam>
    /// <param name="fleet">The fleet.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="port">Port of its interface on 127.0.0.1. Default 8760.</param>
    /// <returns>The supervisor's resource.</returns>
    /// <exception cref="DistributedApplicationException">The port is out of range or a daemon's, or there is a supervisor already.</exception>
    public static IResourceBuilder<ProjectResource> AddMonitorSupervisor<TProject>(
        this MonitorFleet fleet, [ResourceName] string name = "monitor-supervisor", int port = DefaultPort)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(fleet);
        if (fleet.Members.Any(member => member.Spec.Port == port))
        {
            throw new DistributedApplicationException($"port {port} of '{name}' is one of its daemons' own");
        }

        foreach (var member in fleet.Members)
        {
            // The supervisor's three reports take the place of the one that Aspire would make.
            foreach (var check in member.Resource.Resource.Annotations.OfType<HealthCheckAnnotation>().ToList())
            {
                member.Resource.Resource.Annotations.Remove(check);
            }

            member.Resource.Supervise(new SupervisionAnnotation(
                member.Spec.Name,
                MonitorDaemonsExtensions.EndpointName,
                new SupervisionOptions { HealthPath = member.Spec.HealthPath, Restart = member.Spec.Restart },
                ClaimsItself: member.Spec.Command is null));
        }

        return fleet.ApplicationBuilder.AddSupervisor<TProject>(fleet.Options, fleet.StateDirectory, name, port);
    }

    /// <summary>
    /// Adds the supervisor of all resources that are marked with
    /// <see cref="SupervisionExtensions.WithSupervision{T}(IResourceBuilder{T}, Action{SupervisionOptions}?, string)"/>, before or after this.
    /// </summary>
    /// <typeparam name="TProject">The supervisor's project.</typeparam>
    /// <param name="builder">The application. Time limits and the policy of all who have none of their own come from its section <c>Monitors</c>.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="port">Port of its interface on 127.0.0.1. Default 8760.</param>
    /// <returns>The supervisor's resource.</returns>
    /// <exception cref="DistributedApplicationException">The port is out of range, the configuration is wrong, or there is a supervisor already.</exception>
    public static IResourceBuilder<ProjectResource> AddMonitorSupervisor<TProject>(
        this IDistributedApplicationBuilder builder, [ResourceName] string name = "monitor-supervisor", int port = DefaultPort)
        where TProject : IProjectMetadata, new()
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = MonitorsConfiguration.Read(builder.Configuration).Options;
        return builder.AddSupervisor<TProject>(options, StateDirectory.Resolve(options.StateDirectory), name, port);
    }

    private static IResourceBuilder<ProjectResource> AddSupervisor<TProject>(
        this IDistributedApplicationBuilder builder, MonitorsOptions options, string stateDirectory, string name, int port)
        where TProject : IProjectMetadata, new()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (port is < 1 or > 65535)
        {
            throw new DistributedApplicationException($"port {port} of '{name}' is out of range (1-65535)");
        }

        if (builder.Resources.FirstOrDefault(r => r.Annotations.OfType<SupervisorAnnotation>().Any()) is { } other)
        {
            throw new DistributedApplicationException($"'{other.Name}' supervises this application already; one supervisor looks after all of it");
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
            .WithEnvironment(StateDirectory.EnvironmentVariable, stateDirectory)
            .WithEnvironment("Supervisor__Launcher", "true")
            .WithUrlForEndpoint(MonitorDaemonsExtensions.EndpointName, endpoint => new ResourceUrlAnnotation { Url = "/api/daemons", DisplayText = "Daemons" })
            .WithHttpHealthCheck("/health", endpointName: MonitorDaemonsExtensions.EndpointName);
        supervisor.WithEnvironment(context => FleetDescription.Write(
            context.EnvironmentVariables,
            SupervisedResource.In(context.ExecutionContext.Services.GetRequiredService<DistributedApplicationModel>()),
            options,
            stateDirectory,
            builder.Configuration));

        if (builder.ExecutionContext.IsRunMode)
        {
            var address = new SupervisorAddress(port, stateDirectory, LaunchId: Guid.NewGuid().ToString("N"));
            supervisor.WithEnvironment("Supervisor__LaunchId", address.LaunchId);
            builder.AddLaunching(supervisor.Resource, address);
        }

        return supervisor;
    }

    private static void AddLaunching(this IDistributedApplicationBuilder builder, ProjectResource supervisor, SupervisorAddress address)
    {
        builder.Services.AddSingleton(address);
        builder.Services.AddSingleton<SupervisorClient>();
        builder.Services.AddSingleton<LaunchTraces>();
        builder.Services.AddSingleton<DaemonBoard>();
        builder.Services.AddSingleton<PortGuard>();
        builder.Services.AddSingleton<IDaemonEngine>(services => new DaemonEngine(
            new EngineOptions { StateDirectory = address.StateDirectory, LaunchId = address.LaunchId }, services.GetRequiredService<ILogger<DaemonEngine>>()));
        builder.Services.AddHostedService<SupervisorLink>();
        builder.Services.AddHostedService<SupervisorKeeper>();
        builder.AddLaunchTracing();

        builder.OnBeforeStart((started, _) =>
        {
            var supervised = SupervisedResource.In(started.Model);
            foreach (var one in supervised)
            {
                // To prove who owns a port, it has to be the process's own.
                if (!one.KeepsProxy)
                {
                    one.Endpoint.Port ??= one.Endpoint.TargetPort;
                    one.Endpoint.TargetPort ??= one.Endpoint.Port;
                    one.Endpoint.IsProxied = false;
                }

                supervisor.Annotations.Add(new ResourceRelationshipAnnotation(one.Resource, "Supervises"));
            }

            // Whoever listens to spans has to be there before the first one begins.
            started.Services.GetService<TracerProvider>();
            started.Services.GetRequiredService<LaunchTraces>().BeginApplication(supervised.Count);
            return Task.CompletedTask;
        });
        builder.Eventing.Subscribe<BeforeResourceStartedEvent>((starting, cancellationToken) =>
            SupervisedResource.In(starting.Services.GetRequiredService<DistributedApplicationModel>()).FirstOrDefault(s => s.Resource == starting.Resource) is { } supervised
                ? starting.Services.GetRequiredService<PortGuard>().BeforeLaunchAsync(supervised, cancellationToken)
                : Task.CompletedTask);
    }
}
