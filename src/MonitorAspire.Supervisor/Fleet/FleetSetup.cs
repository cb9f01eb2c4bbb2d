using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

internal static class FleetSetup
{
    internal static void AddFleet(this WebApplicationBuilder builder, ResolvedFleet fleet, SupervisorSettings settings)
    {
        var monitors = fleet.Configuration.Monitors;
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout(monitors, fleet.Specs));
        builder.Services.AddSingleton<IDaemonEngine>(services => new DaemonEngine(
            new EngineOptions { StateDirectory = settings.StateDirectory, DaemonEnvironment = DaemonEnvironment.Common, LaunchId = settings.LaunchId, Fleet = settings.FleetName },
            services.GetRequiredService<ILogger<DaemonEngine>>(),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IFleetControl>(services => new SupervisedFleet(new FleetSupervisor(
            services.GetRequiredService<IDaemonEngine>(),
            [.. fleet.Specs.Select(services.GetRequiredService<DaemonEnvironment>().Complete)],
            FleetOptions.From(monitors, settings.StateDirectory) with { Fleet = settings.FleetName, StopFile = settings.Files.Stopped },
            services.GetRequiredService<ILogger<FleetSupervisor>>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetService<IAttachedDaemonController>(),
            services.GetRequiredService<AlertWebhook>())));
        builder.AddDefinition(fleet, settings);
        builder.Services.AddSingleton<FleetReload>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<FleetReload>());
        builder.Services.AddSingleton(services => new AlertWebhook(
            new AlertWebhookOptions { Url = settings.AlertWebhook },
            services.GetRequiredService<ILogger<AlertWebhook>>(),
            services.GetRequiredService<TimeProvider>()));
    }

    internal static void AddDefinition(this WebApplicationBuilder builder, ResolvedFleet fleet, SupervisorSettings settings)
    {
        builder.Services.AddSingleton(new DaemonEnvironment(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]));
        builder.Services.AddSingleton(new OverlayFile(settings.Files.Daemons));
        builder.Services.AddSingleton(fleet);
        builder.Services.AddSingleton<FleetDefinition>();
    }

    /// <summary>Time for the host to stop: for the daemons to stop or be killed, and then for the host itself.</summary>
    internal static TimeSpan ShutdownTimeout(MonitorsOptions monitors, IReadOnlyList<DaemonSpec> specs)
        => (monitors.StopGracePeriod * StartOrder.Depth(specs)) + TimeSpan.FromSeconds(15);

    /// <summary>Does not dispose of the fleet: the container does, because it registers the fleet as <see cref="IFleet"/>.</summary>
    private sealed class SupervisedFleet(FleetSupervisor fleet) : IFleetControl
    {
        public IFleet Fleet => fleet;

        public Task StartAsync(CancellationToken cancellationToken) => fleet.BeginAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => fleet.EndAsync(cancellationToken);

        public bool IsKeptStopped(string name) => fleet.IsKeptStopped(name);

        public Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options, CancellationToken cancellationToken)
            => fleet.ApplyAsync(specs, options, cancellationToken);
    }
}
