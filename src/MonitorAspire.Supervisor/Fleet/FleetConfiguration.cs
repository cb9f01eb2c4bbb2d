using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The fleet as it is in the configuration, without the changes that were made over the REST API.</summary>
/// <param name="Monitors">The section <c>Monitors</c>.</param>
/// <param name="Specs">Its daemons.</param>
internal sealed record FleetConfiguration(MonitorsOptions Monitors, IReadOnlyList<DaemonSpec> Specs);
