using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The daemons that the supervisor looks after, and what they were resolved from.</summary>
/// <param name="Configuration">The configuration.</param>
/// <param name="Overlay">The changes that were made over the REST API.</param>
/// <param name="Specs">The daemons that result.</param>
internal sealed record ResolvedFleet(FleetConfiguration Configuration, FleetOverlay Overlay, IReadOnlyList<DaemonSpec> Specs)
{
    /// <summary>Applies the changes to the configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="overlay">The changes.</param>
    /// <param name="settings">The supervisor's own settings: its ports are not free for daemons.</param>
    /// <param name="errors">One sentence for each conflict.</param>
    internal static ResolvedFleet Of(FleetConfiguration configuration, FleetOverlay overlay, SupervisorSettings settings, out IReadOnlyList<string> errors)
    {
        var specs = overlay.Over(configuration, out var found);
        errors = specs.FirstOrDefault(s => settings.Addresses.Any(a => a.Port == s.Port)) is { } taken
            ? [.. found, $"port {taken.Port} is used by the supervisor's REST API and by a daemon ('{taken.Name}'); give one of them another port"]
            : found;
        return new ResolvedFleet(configuration, overlay, specs);
    }

    /// <summary>The daemon of this name, or <see langword="null"/>.</summary>
    internal DaemonSpec? Find(string name) => Named(Specs, name);

    /// <summary>The daemon of this name as the configuration has it, or <see langword="null"/>.</summary>
    internal DaemonSpec? FindConfigured(string name) => Named(Configuration.Specs, name);

    private static DaemonSpec? Named(IReadOnlyList<DaemonSpec> specs, string name)
        => specs.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
}
