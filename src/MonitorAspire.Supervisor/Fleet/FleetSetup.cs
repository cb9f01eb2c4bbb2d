using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Puts the fleet together.</summary>
internal static class FleetSetup
{
    internal static void AddFleet(this WebApplicationBuilder builder, MonitorsOptions monitors, IReadOnlyList<DaemonSpec> specs, SupervisorSettings settings)
    {
        // Stop, kill, and then what the host itself has to put away.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = monitors.StopGracePeriod + TimeSpan.FromSeconds(15));
        _ = (specs, settings);
    }
}
