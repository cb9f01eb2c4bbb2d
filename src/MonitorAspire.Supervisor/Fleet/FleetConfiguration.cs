using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>What the configuration says about the fleet; the interface may say otherwise (<see cref="FleetOverlay"/>).</summary>
/// <param name="Monitors">The section <c>Monitors</c>.</param>
/// <param name="Specs">Its daemons.</param>
internal sealed record FleetConfiguration(MonitorsOptions Monitors, IReadOnlyList<DaemonSpec> Specs);
