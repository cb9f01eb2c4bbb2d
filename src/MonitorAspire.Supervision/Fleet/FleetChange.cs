namespace MonitorAspire.Supervision.Fleet;

/// <summary>What a new configuration did to a fleet.</summary>
public sealed record FleetChange
{
    /// <summary>What is wrong with the new configuration. With any error, nothing was changed.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Names of the daemons that were added.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Names of the daemons that were stopped and removed.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Names of the daemons that were restarted for their new specification. Those that were stopped stay stopped.</summary>
    public IReadOnlyList<string> Restarted { get; init; } = [];

    /// <summary>Names of the daemons that got their new specification without a restart.</summary>
    public IReadOnlyList<string> Updated { get; init; } = [];

    /// <summary>
    /// Daemons that were not changed, each with the reason: a check before the stop found that the start would fail, or they could not be
    /// stopped. They keep their old specification.
    /// </summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    /// <summary>The reports of the stops that the change needed.</summary>
    public IReadOnlyList<StopReport> Stops { get; init; } = [];

    /// <summary>The options of the fleet that changed, each as name, old and new value. No daemon was touched for them.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>The starts of changed definitions with a roll-back. Each ends with the report, which has the report of the roll-back where there was one.</summary>
    internal IReadOnlyList<Task<StartupReport>> Trials { get; init; } = [];

    /// <summary>Whether nothing changed and nothing is wrong.</summary>
    public bool IsEmpty => Added.Count + Removed.Count + Restarted.Count + Updated.Count + Failures.Count + Options.Count + Errors.Count == 0;
}
