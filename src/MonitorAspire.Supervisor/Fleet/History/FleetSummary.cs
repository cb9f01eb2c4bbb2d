using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>Statistics of the fleet.</summary>
internal sealed record FleetSummary
{
    /// <summary>How many daemons there are.</summary>
    public required int Daemons { get; init; }

    /// <summary>How many of them are verified and healthy.</summary>
    public required int Running { get; init; }

    /// <summary>How many daemons are in each state; states without daemons are left out.</summary>
    public required IReadOnlyDictionary<string, int> States { get; init; }

    /// <summary>Restarts without a request.</summary>
    public required int Restarts { get; init; }

    /// <summary>The starts of the history, including daemons that were removed from the fleet.</summary>
    public required StartCounts Starts { get; init; }

    /// <summary>Durations of the verified starts; absent if there is none.</summary>
    public StartDurations? Startup { get; init; }

    /// <summary>Durations of the stages of the verified starts, in their order.</summary>
    public required IReadOnlyList<StageDurations> Stages { get; init; }

    /// <summary>The statistics of each daemon of the fleet, in the order of the configuration.</summary>
    public required IReadOnlyList<DaemonSummary> ByDaemon { get; init; }

    /// <summary>Time of the oldest start of the history or, without starts, of the start of this supervisor.</summary>
    public required DateTimeOffset Since { get; init; }
}

/// <summary>Statistics of one daemon.</summary>
internal sealed record DaemonSummary
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its state now.</summary>
    public required DaemonState State { get; init; }

    /// <summary>Restarts without a request.</summary>
    public required int Restarts { get; init; }

    /// <summary>Its starts in the history.</summary>
    public required StartCounts Starts { get; init; }

    /// <summary>Durations of its verified starts; absent if there is none.</summary>
    public StartDurations? Startup { get; init; }

    /// <summary>Durations of the stages of its verified starts, in their order.</summary>
    public required IReadOnlyList<StageDurations> Stages { get; init; }
}

/// <summary>Starts by result.</summary>
/// <param name="Total">All.</param>
/// <param name="Verified">Verified starts.</param>
/// <param name="Failed">Failed starts.</param>
/// <param name="SuccessRate">Verified starts divided by all, 0 to 1; absent without starts.</param>
/// <param name="FailuresByReason">Failed starts by reason.</param>
internal sealed record StartCounts(int Total, int Verified, int Failed, double? SuccessRate, IReadOnlyDictionary<string, int> FailuresByReason);

/// <summary>Durations of verified starts in milliseconds.</summary>
/// <param name="P50Ms">The median.</param>
/// <param name="P95Ms">The 95th percentile.</param>
/// <param name="MaxMs">The maximum.</param>
internal sealed record StartDurations(double P50Ms, double P95Ms, double MaxMs);

/// <summary>Durations of one stage of verified starts, in milliseconds.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="P50Ms">The median.</param>
/// <param name="P95Ms">The 95th percentile.</param>
/// <param name="MaxMs">The maximum.</param>
internal sealed record StageDurations(StartupStage Stage, double P50Ms, double P95Ms, double MaxMs);

internal sealed record StartFigures(StartCounts Starts, StartDurations? Startup, IReadOnlyList<StageDurations> Stages)
{
    internal static StartFigures Of(IReadOnlyCollection<StartRecord> starts)
    {
        var verified = starts.Where(s => s.Verified).ToList();
        return new StartFigures(
            new StartCounts(
                starts.Count,
                verified.Count,
                starts.Count - verified.Count,
                starts.Count == 0 ? null : (double)verified.Count / starts.Count,
                starts.Where(s => s is { Verified: false, Reason: not null }).CountBy(s => WireNames.Of(s.Reason!.Value)).ToDictionary()),
            DurationsOf(Sorted(verified.Select(s => s.Ms))),
            [.. verified.SelectMany(s => s.Stages).GroupBy(s => s.Stage).OrderBy(g => g.Key).Select(g => StageOf(g.Key, Sorted(g.Select(s => s.Ms))))]);
    }

    private static StartDurations? DurationsOf(double[] sorted) =>
        sorted.Length == 0 ? null : new StartDurations(Percentile.Of(sorted, 0.50), Percentile.Of(sorted, 0.95), sorted[^1]);

    private static StageDurations StageOf(StartupStage stage, double[] sorted) =>
        new(stage, Percentile.Of(sorted, 0.50), Percentile.Of(sorted, 0.95), sorted[^1]);

    private static double[] Sorted(IEnumerable<double> values) => [.. values.Order()];
}
