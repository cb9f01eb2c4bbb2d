using System.Collections.Immutable;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The changes that were made over the REST API: daemons that were added, changed or removed. They take precedence over the
/// configuration, as a drop-in of systemd does over a unit file, and remain after a reload or a restart of the supervisor until they are
/// reverted.</summary>
internal sealed class FleetOverlay
{
    private static readonly StringComparer Names = StringComparer.OrdinalIgnoreCase;

    private FleetOverlay(ImmutableList<DaemonDefinition> daemons, ImmutableList<string> removed)
    {
        Daemons = daemons;
        Removed = removed;
    }

    internal static FleetOverlay Empty { get; } = new([], []);

    /// <summary>Daemons that were added or changed, each with its name, in the order of their first change.</summary>
    internal ImmutableList<DaemonDefinition> Daemons { get; }

    /// <summary>Names of daemons of the configuration that were removed.</summary>
    internal ImmutableList<string> Removed { get; }

    internal bool IsEmpty => Daemons.IsEmpty && Removed.IsEmpty;

    internal static FleetOverlay Of(IEnumerable<DaemonDefinition> daemons, IEnumerable<string> removed) => new([.. daemons], [.. removed]);

    internal DaemonDefinition? Definition(string name) => Daemons.Find(d => Names.Equals(d.Name, name));

    /// <summary>Whether a daemon was added, changed or removed.</summary>
    internal bool Knows(string name) => Definition(name) is not null || Removed.Contains(name, Names);

    /// <summary>The same with a daemon added or changed.</summary>
    internal FleetOverlay With(DaemonDefinition daemon)
    {
        var index = Daemons.FindIndex(d => Names.Equals(d.Name, daemon.Name));
        return new FleetOverlay(
            index < 0 ? Daemons.Add(daemon) : Daemons.SetItem(index, daemon),
            Removed.RemoveAll(r => Names.Equals(r, daemon.Name)));
    }

    /// <summary>The same with a daemon removed. If the configuration has it the removal must be remembered.</summary>
    internal FleetOverlay Without(string name, bool isConfigured)
    {
        var reverted = Revert(name);
        return isConfigured ? new FleetOverlay(reverted.Daemons, reverted.Removed.Add(name)) : reverted;
    }

    /// <summary>The same without any change to a daemon.</summary>
    internal FleetOverlay Revert(string name) => new(
        Daemons.RemoveAll(d => Names.Equals(d.Name, name)),
        Removed.RemoveAll(r => Names.Equals(r, name)));

    /// <summary>Applies the changes to the configuration, with one sentence for each conflict.</summary>
    internal IReadOnlyList<DaemonSpec> Over(FleetConfiguration configuration, out IReadOnlyList<string> errors)
    {
        var specs = new List<DaemonSpec>();
        foreach (var configured in configuration.Specs)
        {
            if (IsFixed(configured))
            {
                specs.Add(configured);
            }
            else if (Definition(configured.Name) is { } definition)
            {
                specs.Add(DefinitionMapper.ToSpec(definition, configuration.Monitors) with { Name = configured.Name });
            }
            else if (!Removed.Contains(configured.Name, Names))
            {
                specs.Add(configured);
            }
        }

        specs.AddRange(Daemons
            .Where(d => !configuration.Specs.Any(s => Names.Equals(s.Name, d.Name)))
            .Select(d => DefinitionMapper.ToSpec(d, configuration.Monitors)));

        var found = new List<string>();
        foreach (var group in specs.GroupBy(s => s.Port).Where(g => g.Count() > 1))
        {
            found.Add($"port {group.Key} is given to {string.Join(" and ", group.Select(Described))}; every daemon needs a port of its own");
        }

        found.AddRange(StartOrder.Problems(specs).Select(p => $"'{specs[p.Index].Name}': {p.Message}"));
        if (specs.Count > FleetTopology.MaximumCount)
        {
            found.Add($"{specs.Count} daemons are more than a fleet can have ({FleetTopology.MaximumCount})");
        }

        errors = found;
        return specs;

        string Described(DaemonSpec spec) => Definition(spec.Name) is null || IsFixed(spec)
            ? $"'{spec.Name}' by the configuration"
            : $"'{spec.Name}' over the REST API";
    }

    /// <summary>Names of changed daemons whose changes have no effect, because another program launches them.</summary>
    internal IReadOnlyList<string> WithoutEffect(FleetConfiguration configuration)
        => [.. configuration.Specs.Where(s => IsFixed(s) && Knows(s.Name)).Select(s => s.Name)];

    private static bool IsFixed(DaemonSpec spec) => spec.Launch == LaunchMode.Attached;
}
