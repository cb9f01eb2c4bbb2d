using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>The fleet in numbers.</summary>
internal sealed record FleetSummary
{
    /// <summary>How many daemons there are.</summary>
    public required int Daemons { get; init; }

    /// <summary>How many of them are verified and healthy.</summary>
    public required int Running { get; init; }

    /// <summary>How many daemons are in each state; states without any are left out.</summary>
    public required IReadOnlyDictionary<string, int> States { get; init; }

    /// <summary>Restarts that nobody had asked for.</summary>
    public required int Restarts { get; init; }

    /// <summary>The starts of the history, those of daemons that have left the fleet included.</summary>
    public required StartCounts Starts { get; init; }

    /// <summary>Durations of the verified starts of the history; absent while there is none.</summary>
    public StartDurations? Startup { get; init; }

    /// <summary>Durations of the stages of the verified starts, in their order.</summary>
    public required IReadOnlyList<StageDurations> Stages { get; init; }

    /// <summary>The same for each daemon that is in the fleet now, in the order of the configuration.</summary>
    public required IReadOnlyList<DaemonSummary> ByDaemon { get; init; }

    /// <summary>Since when the history counts: its oldest start or, while there is none, the beginning of this supervisor.</summary>
    public required DateTimeOffset Since { get; init; }
}

/// <summary>One daemon in numbers.</summary>
internal sealed record DaemonSummary
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its state now.</summary>
    public required DaemonState State { get; init; }

    /// <summary>Restarts that nobody had asked for.</summary>
    public required int Restarts { get; init; }

    /// <summary>Its starts in the history.</summary>
    public required StartCounts Starts { get; init; }

    /// <summary>Durations of its verified starts; absent while there is none.</summary>
    public StartDurations? Startup { get; init; }

    /// <summary>Durations of the stages of its verified starts, in their order.</summary>
    public required IReadOnlyList<StageDurations> Stages { get; init; }
}

/// <summary>Starts by how they ended.</summary>
/// <param name="Total">All.</param>
/// <param name="Verified">Those that ended verified.</param>
/// <param name="Failed">Those that did not.</param>
/// <param name="SuccessRate">Verified by all, 0 to 1; absent while there was none.</param>
/// <param name="FailuresByReason">Failed starts by reason.</param>
internal sealed record StartCounts(int Total, int Verified, int Failed, double? SuccessRate, IReadOnlyDictionary<string, int> FailuresByReason);

/// <summary>Durations of verified starts, from the call to the verdict, in milliseconds.</summary>
/// <param name="P50Ms">Half of them took no longer.</param>
/// <param name="P95Ms">Nineteen in twenty took no longer.</param>
/// <param name="MaxMs">None took longer.</param>
internal sealed record StartDurations(double P50Ms, double P95Ms, double MaxMs);

/// <summary>Durations of one stage of verified starts, in milliseconds.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="P50Ms">Half of them took no longer.</param>
/// <param name="P95Ms">Nineteen in twenty took no longer.</param>
/// <param name="MaxMs">None took longer.</param>
internal sealed record StageDurations(StartupStage Stage, double P50Ms, double P95Ms, double MaxMs);
