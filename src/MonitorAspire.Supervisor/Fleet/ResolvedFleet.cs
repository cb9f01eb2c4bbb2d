using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The daemons that the supervisor looks after, and what they were resolved from.</summary>
internal sealed record ResolvedFleet(FleetConfiguration Configuration, FleetOverlay Overlay, IReadOnlyList<DaemonSpec> Specs)
{
    /// <summary>Applies the changes to the configuration. The ports of the supervisor itself are not free for daemons.</summary>
    internal static ResolvedFleet Of(FleetConfiguration configuration, FleetOverlay overlay, SupervisorSettings settings, out IReadOnlyList<string> errors)
    {
        var specs = overlay.Over(configuration, out var found);
        errors = specs.FirstOrDefault(s => settings.Addresses.Any(a => a.Port == s.Port)) is { } taken
            ? [.. found, $"port {taken.Port} is used by the supervisor's REST API and by a daemon ('{taken.Name}'); give one of them another port"]
            : found;
        return new ResolvedFleet(configuration, overlay, specs);
    }

    internal DaemonSpec? Find(string name) => Named(Specs, name);

    /// <summary>The daemon of this name as the configuration has it, or <see langword="null"/>.</summary>
    internal DaemonSpec? FindConfigured(string name) => Named(Configuration.Specs, name);

    private static DaemonSpec? Named(IReadOnlyList<DaemonSpec> specs, string name)
        => specs.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
}
