using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>
/// Remembers how the latest starts went, also those of earlier supervisors: a file in the state directory keeps them. A disk that is
/// full or a file that cannot be read or written is said once, and then the history is in memory alone; supervision never waits for it.
/// </summary>
internal sealed partial class FleetHistory : IAsyncDisposable
{
    /// <summary>The starts that are remembered; 200 daemons in a crash loop make this many in some hours.</summary>
    internal const int Capacity = 10_000;

    private readonly RememberedStarts _starts = new(Capacity);
    private readonly HistoryWriter? _writer;
    private readonly DateTimeOffset _begun;

    private FleetHistory(HistoryFile file, TimeProvider time, ILogger logger)
    {
        _begun = time.GetUtcNow();
        var loaded = file.Load();
        foreach (var start in loaded.Starts)
        {
            _starts.Add(start, isWritten: true);
        }

        if (loaded.Unreadable is { } why)
        {
            // What cannot be read is not ours to write over.
            LogUnreadable(logger, why);
            return;
        }

        if (loaded.Broken > 0)
        {
            LogBroken(logger, loaded.Broken, file.FilePath, loaded.FirstBroken);
        }

        _writer = new HistoryWriter(file, _starts, loaded.NeedsMending, time, logger);
    }

    /// <summary>Reads the history of earlier supervisors.</summary>
    /// <param name="stateDirectory">Absolute path of the state directory.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it is said that the file cannot be read or written.</param>
    internal static FleetHistory Open(string stateDirectory, TimeProvider time, ILogger<FleetHistory> logger) =>
        new(new HistoryFile(Path.Combine(stateDirectory, HistoryFile.FileName)), time, logger);

    /// <summary>Takes in an event; those that are not the end of a start are of no interest. Never waits for the disk.</summary>
    internal void Add(FleetEvent happened)
    {
        if (StartRecord.Of(happened) is { } start)
        {
            _starts.Add(start);
            _writer?.Notify();
        }
    }

    /// <summary>The numbers.</summary>
    internal FleetSummary Summarize(IReadOnlyList<DaemonSnapshot> daemons)
    {
        var starts = _starts.ByDaemon();
        var all = starts.Values.SelectMany(s => s).ToList();
        var figures = StartFigures.Of(all);
        return new FleetSummary
        {
            Daemons = daemons.Count,
            Running = daemons.Count(d => d.State == DaemonState.Running),
            States = daemons.CountBy(d => d.State.ToString()).ToDictionary(),
            Restarts = daemons.Sum(d => d.Restarts),
            Starts = figures.Starts,
            Startup = figures.Startup,
            Stages = figures.Stages,
            ByDaemon = [.. daemons.Select(d => Summarize(d, starts.GetValueOrDefault(d.Name, [])))],
            Since = all.Count == 0 ? _begun : all.Min(s => s.At),
        };
    }

    /// <summary>Writes what still waits, as far as the disk is willing.</summary>
    public ValueTask DisposeAsync() => _writer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static DaemonSummary Summarize(DaemonSnapshot daemon, StartRecord[] starts)
    {
        var figures = StartFigures.Of(starts);
        return new DaemonSummary
        {
            Name = daemon.Name,
            State = daemon.State,
            Restarts = daemon.Restarts,
            Starts = figures.Starts,
            Startup = figures.Startup,
            Stages = figures.Stages,
        };
    }

    [LoggerMessage(40, LogLevel.Warning, "The history of starts cannot be read, so this supervisor begins a new one and keeps it in memory alone: {Why}")]
    private static partial void LogUnreadable(ILogger logger, string why);

    [LoggerMessage(41, LogLevel.Warning, "{Count} lines of {File} are no starts and are left out; the first is line {Line}")]
    private static partial void LogBroken(ILogger logger, int count, string file, int line);
}
