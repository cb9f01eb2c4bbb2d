using System.Collections.Immutable;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>
/// What was said over the interface, laid over the configuration as a drop-in of systemd is over a unit file: daemons that were added or
/// changed, and daemons that were taken out. It outlives reloads of the configuration and the supervisor itself, until it is reverted.
/// </summary>
internal sealed class FleetOverlay
{
    private static readonly StringComparer Names = StringComparer.OrdinalIgnoreCase;

    private FleetOverlay(ImmutableList<DaemonDefinition> daemons, ImmutableList<string> removed)
    {
        Daemons = daemons;
        Removed = removed;
    }

    /// <summary>Nothing was said.</summary>
    internal static FleetOverlay Empty { get; } = new([], []);

    /// <summary>Daemons that were added or changed, each with its name, in the order in which that was said first.</summary>
    internal ImmutableList<DaemonDefinition> Daemons { get; }

    /// <summary>Names of daemons of the configuration that were taken out.</summary>
    internal ImmutableList<string> Removed { get; }

    internal bool IsEmpty => Daemons.IsEmpty && Removed.IsEmpty;

    internal static FleetOverlay Of(IEnumerable<DaemonDefinition> daemons, IEnumerable<string> removed) => new([.. daemons], [.. removed]);

    /// <summary>What was said about a daemon's definition, or <see langword="null"/>.</summary>
    internal DaemonDefinition? Definition(string name) => Daemons.Find(d => Names.Equals(d.Name, name));

    /// <summary>Whether anything was said about a daemon.</summary>
    internal bool Knows(string name) => Definition(name) is not null || Removed.Contains(name, Names);

    /// <summary>With a daemon added or changed.</summary>
    internal FleetOverlay With(DaemonDefinition daemon)
    {
        var index = Daemons.FindIndex(d => Names.Equals(d.Name, daemon.Name));
        return new FleetOverlay(
            index < 0 ? Daemons.Add(daemon) : Daemons.SetItem(index, daemon),
            Removed.RemoveAll(r => Names.Equals(r, daemon.Name)));
    }

    /// <summary>With a daemon taken out.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isConfigured">Whether the configuration has it, so that its absence has to be remembered.</param>
    internal FleetOverlay Without(string name, bool isConfigured)
    {
        var reverted = Revert(name);
        return isConfigured ? new FleetOverlay(reverted.Daemons, reverted.Removed.Add(name)) : reverted;
    }

    /// <summary>As if nothing had been said about a daemon.</summary>
    internal FleetOverlay Revert(string name) => new(
        Daemons.RemoveAll(d => Names.Equals(d.Name, name)),
        Removed.RemoveAll(r => Names.Equals(r, name)));

    /// <summary>The fleet: the configuration with this laid over it.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="errors">Where the two do not go together: one sentence each.</param>
    internal IReadOnlyList<DaemonSpec> Over(FleetConfiguration configuration, out IReadOnlyList<string> errors)
    {
        var specs = new List<DaemonSpec>();
        foreach (var configured in configuration.Specs)
        {
            if (IsOutOfReach(configured))
            {
                specs.Add(configured);
            }
            else if (Definition(configured.Name) is { } definition)
            {
                specs.Add(FleetTopology.Spec(definition, configuration.Monitors) with { Name = configured.Name });
            }
            else if (!Removed.Contains(configured.Name, Names))
            {
                specs.Add(configured);
            }
        }

        specs.AddRange(Daemons
            .Where(d => !configuration.Specs.Any(s => Names.Equals(s.Name, d.Name)))
            .Select(d => FleetTopology.Spec(d, configuration.Monitors)));

        var found = new List<string>();
        foreach (var group in specs.GroupBy(s => s.Port).Where(g => g.Count() > 1))
        {
            found.Add($"port {group.Key} is given to {string.Join(" and ", group.Select(Described))}; every daemon needs a port of its own");
        }

        if (specs.Count > FleetTopology.MaximumCount)
        {
            found.Add($"{specs.Count} daemons are more than a fleet has ({FleetTopology.MaximumCount})");
        }

        errors = found;
        return specs;

        string Described(DaemonSpec spec) => Definition(spec.Name) is null || IsOutOfReach(spec)
            ? $"'{spec.Name}' by the configuration"
            : $"'{spec.Name}' over the interface";
    }

    /// <summary>Names that something was said about which does not hold, because somebody else launches the daemon.</summary>
    internal IReadOnlyList<string> WithoutEffect(FleetConfiguration configuration)
        => [.. configuration.Specs.Where(s => IsOutOfReach(s) && Knows(s.Name)).Select(s => s.Name)];

    private static bool IsOutOfReach(DaemonSpec spec) => spec.Launch == LaunchMode.Attached;
}
