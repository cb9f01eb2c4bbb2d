namespace MonitorAspire.Supervision.Fleet;

/// <summary>What the last reading of a changed configuration did to a fleet.</summary>
internal sealed record FleetReloadReport
{
    /// <summary>Counts up with every reading that changed or refused something, from 1. 0: the configuration is that of the start.</summary>
    public long Number { get; init; }

    /// <summary>When it was read; <see langword="null"/> before the first time.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>What is wrong with it. Then nothing was changed. <see langword="null"/> where nothing is wrong.</summary>
    public string? Problem { get; init; }

    /// <summary>Names of the daemons that were added.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Names of the daemons that were stopped and removed.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Names of the daemons that were restarted for their new definition.</summary>
    public IReadOnlyList<string> Restarted { get; init; } = [];

    /// <summary>Names of the daemons that got their new definition without a restart.</summary>
    public IReadOnlyList<string> Updated { get; init; } = [];

    /// <summary>The settings of the fleet that changed.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Daemons that were not changed, each with the reason.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    /// <summary>Changed settings that only a restart of the supervisor applies; <see langword="null"/> where there are none.</summary>
    public string? NeedsRestart { get; init; }

    /// <summary>The report in lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        if (Problem is not null)
        {
            return [$"the changed configuration is NOT applied, nothing was changed: {Problem}"];
        }

        (string What, IReadOnlyList<string> Names)[] parts = [("added", Added), ("removed", Removed), ("restarted", Restarted), ("updated", Updated), ("for all", Options)];
        var done = string.Join("; ", parts.Where(p => p.Names.Count > 0).Select(p => $"{p.What}: {string.Join(", ", p.Names)}"));
        return
        [
            .. done.Length > 0 ? [$"the changed configuration is applied: {done}"] : (string[])[],
            .. Failures.Select(f => $"not applied: {f}"),
            .. NeedsRestart is null ? [] : (string[])[$"only applied by a restart of the supervisor: {NeedsRestart}"],
        ];
    }
}
