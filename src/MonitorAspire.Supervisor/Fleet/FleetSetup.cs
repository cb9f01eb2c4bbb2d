using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Puts the fleet together.</summary>
internal static class FleetSetup
{
    internal static void AddFleet(this WebApplicationBuilder builder, MonitorsOptions monitors, IReadOnlyList<DaemonSpec> specs, SupervisorSettings settings)
    {
        // Stop, kill, and then what the host itself has to put away.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = monitors.StopGracePeriod + TimeSpan.FromSeconds(15));

        var environment = new DaemonEnvironment(builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]);
        builder.Services.AddSingleton(environment);
        builder.Services.AddSingleton<IDaemonEngine>(services => new DaemonEngine(
            new EngineOptions { StateDirectory = settings.StateDirectory, DaemonEnvironment = DaemonEnvironment.Common },
            services.GetRequiredService<ILogger<DaemonEngine>>(),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(services => new SupervisedFleet(new FleetSupervisor(
            services.GetRequiredService<IDaemonEngine>(),
            [.. specs.Select(environment.Complete)],
            FleetOptions.From(monitors, settings.StateDirectory),
            services.GetRequiredService<ILogger<FleetSupervisor>>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetService<IAttachedDaemonController>(),
            services.GetService<AlertWebhook>())));
        builder.Services.AddSingleton<IFleetControl>(static services => services.GetRequiredService<SupervisedFleet>());
        builder.Services.AddHostedService<FleetReload>();

        if (settings.AlertWebhook is { } url)
        {
            builder.Services.AddSingleton(services => new AlertWebhook(
                new AlertWebhookOptions { Url = url },
                services.GetRequiredService<ILogger<AlertWebhook>>(),
                services.GetRequiredService<TimeProvider>()));
        }
    }

    /// <summary>Does not dispose of the fleet: the container does, as it hands it out as <see cref="IFleet"/>, and once is enough.</summary>
    internal sealed class SupervisedFleet(FleetSupervisor fleet) : IFleetControl
    {
        public IFleet Fleet => fleet;

        internal FleetSupervisor Supervisor => fleet;

        public Task StartAsync(CancellationToken cancellationToken) => fleet.BeginAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => fleet.EndAsync(cancellationToken);
    }
}
