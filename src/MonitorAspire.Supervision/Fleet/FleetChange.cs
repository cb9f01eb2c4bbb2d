using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What a new configuration did to a fleet.</summary>
public sealed record FleetChange
{
    /// <summary>What is wrong with the new configuration. Where there is anything, nothing was changed.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Names of the daemons that came.</summary>
    public IReadOnlyList<string> Added { get; init; } = [];

    /// <summary>Names of the daemons that were stopped and left.</summary>
    public IReadOnlyList<string> Removed { get; init; } = [];

    /// <summary>Names of the daemons that had to be restarted for their new specification (or were stopped and stay so).</summary>
    public IReadOnlyList<string> Restarted { get; init; } = [];

    /// <summary>Names of the daemons that took their new specification while they went on running.</summary>
    public IReadOnlyList<string> Updated { get; init; } = [];

    /// <summary>Daemons that could not be stopped, each with the reason; they keep their old specification.</summary>
    public IReadOnlyList<string> Failures { get; init; } = [];

    /// <summary>How the daemons were stopped that left or had to be restarted.</summary>
    public IReadOnlyList<StopReport> Stops { get; init; } = [];

    /// <summary>What changed for the whole fleet, each as name, old and new value; no daemon was touched for it.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Whether nothing is other than before, and nothing is wrong.</summary>
    public bool IsEmpty => Added.Count + Removed.Count + Restarted.Count + Updated.Count + Failures.Count + Options.Count + Errors.Count == 0;
}
