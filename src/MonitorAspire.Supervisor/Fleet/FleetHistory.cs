using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Remembers how the latest starts went.</summary>
internal sealed class FleetHistory(TimeProvider time)
{
    /// <summary>The starts that are remembered; 200 daemons in a crash loop make this many in some hours.</summary>
    internal const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<Start> _starts = new();
    private DateTimeOffset _since = time.GetUtcNow();

    /// <summary>Takes in an event; those that are not the end of a start are of no interest.</summary>
    internal void Add(FleetEvent happened)
    {
        if (happened is not { Kind: FleetEventKind.StartVerified or FleetEventKind.StartFailed, Report: { } report }
            || report.Verdict == StartupVerdict.AlreadyRunning)
        {
            return;
        }

        lock (_lock)
        {
            _starts.Enqueue(new Start(happened.At, report.Verdict == StartupVerdict.Verified, report.Reason, report.TotalMs));
            if (_starts.Count > Capacity)
            {
                _starts.Dequeue();
                _since = _starts.Peek().At;
            }
        }
    }

    /// <summary>The numbers.</summary>
    internal FleetSummary Summarize(IReadOnlyList<DaemonSnapshot> daemons)
    {
        Start[] starts;
        DateTimeOffset since;
        lock (_lock)
        {
            starts = [.. _starts];
            since = _since;
        }

        var durations = starts.Where(s => s.Verified).Select(s => s.Ms).Order().ToArray();
        return new FleetSummary
        {
            Daemons = daemons.Count,
            Running = daemons.Count(d => d.State == DaemonState.Running),
            States = daemons.CountBy(d => d.State.ToString()).ToDictionary(),
            Restarts = daemons.Sum(d => d.Restarts),
            Starts = new StartCounts(
                starts.Length,
                durations.Length,
                starts.Length - durations.Length,
                starts.Length == 0 ? null : (double)durations.Length / starts.Length,
                starts.Where(s => s is { Verified: false, Reason: not null }).CountBy(s => WireNames.Of(s.Reason!.Value)).ToDictionary()),
            Startup = durations.Length == 0 ? null : new StartDurations(Percentile(durations, 0.50), Percentile(durations, 0.95), durations[^1]),
            Since = since,
        };
    }

    // Nearest rank: a duration that was really seen, and right for a handful of them too.
    private static double Percentile(double[] sorted, double fraction) => sorted[(int)Math.Ceiling(fraction * sorted.Length) - 1];

    private readonly record struct Start(DateTimeOffset At, bool Verified, StartupReason? Reason, double Ms);
}
