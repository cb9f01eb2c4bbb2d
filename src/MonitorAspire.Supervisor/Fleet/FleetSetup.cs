using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Launcher;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Puts the fleet together.</summary>
internal static class FleetSetup
{
    internal static void AddFleet(this WebApplicationBuilder builder, FleetConfiguration fleet, FleetOverlay overlay, SupervisorSettings settings)
    {
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout(fleet.Monitors));
        builder.Services.AddSingleton<IDaemonEngine>(services => new DaemonEngine(
            new EngineOptions { StateDirectory = settings.StateDirectory, DaemonEnvironment = DaemonEnvironment.Common, LaunchId = settings.LaunchId },
            services.GetRequiredService<ILogger<DaemonEngine>>(),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => new SupervisedFleet(new FleetSupervisor(
            services.GetRequiredService<IDaemonEngine>(),
            [.. overlay.Over(fleet, out _).Select(services.GetRequiredService<DaemonEnvironment>().Complete)],
            FleetOptions.From(fleet.Monitors, settings.StateDirectory),
            services.GetRequiredService<ILogger<FleetSupervisor>>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetService<IAttachedDaemonController>(),
            services.GetRequiredService<AlertWebhook>())));
        builder.Services.AddSingleton<IFleetControl>(static services => services.GetRequiredService<SupervisedFleet>());
        builder.AddDefinition(fleet, overlay, settings);
        builder.Services.AddHostedService<FleetReload>();
        if (settings.HasLauncher)
        {
            builder.Services.AddSingleton<LauncherLink>();
            builder.Services.AddSingleton<IAttachedDaemonController>(static services => services.GetRequiredService<LauncherLink>());
        }

        builder.Services.AddSingleton(services => new AlertWebhook(
            new AlertWebhookOptions { Url = settings.AlertWebhook },
            services.GetRequiredService<ILogger<AlertWebhook>>(),
            services.GetRequiredService<TimeProvider>()));
    }

    /// <summary>What the fleet is made of, and how that is changed.</summary>
    internal static void AddDefinition(this WebApplicationBuilder builder, FleetConfiguration fleet, FleetOverlay overlay, SupervisorSettings settings)
    {
        builder.Services.AddSingleton(new DaemonEnvironment(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]));
        builder.Services.AddSingleton(services => new FleetDefinition(
            fleet,
            overlay,
            new OverlayFile(settings.StateDirectory),
            services.GetRequiredService<IFleetControl>(),
            services.GetRequiredService<DaemonEnvironment>(),
            settings,
            services.GetRequiredService<ILogger<FleetDefinition>>()));
    }

    /// <summary>Stop, kill, and then what the host itself has to put away.</summary>
    internal static TimeSpan ShutdownTimeout(MonitorsOptions monitors) => monitors.StopGracePeriod + TimeSpan.FromSeconds(15);

    /// <summary>Does not dispose of the fleet: the container does, as it hands it out as <see cref="IFleet"/>, and once is enough.</summary>
    internal sealed class SupervisedFleet(FleetSupervisor fleet) : IFleetControl
    {
        public IFleet Fleet => fleet;

        public Task StartAsync(CancellationToken cancellationToken) => fleet.BeginAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => fleet.EndAsync(cancellationToken);

        public Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options, CancellationToken cancellationToken)
            => fleet.ApplyAsync(specs, options, cancellationToken);
    }
}
