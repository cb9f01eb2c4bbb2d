using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervisor.Fleet.History;

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
