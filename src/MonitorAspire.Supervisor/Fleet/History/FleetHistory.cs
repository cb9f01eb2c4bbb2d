using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>The results of the latest starts, also of starts by earlier supervisors: a file in the state directory keeps them. If the file
/// cannot be read or written a warning is logged once and the history is in memory only. Supervision never waits for the file.</summary>
internal sealed partial class FleetHistory : IAsyncDisposable
{
    /// <summary>How many starts are kept: 10 000. 200 daemons in a crash loop make as many in some hours.</summary>
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
            // A file that cannot be read is not overwritten.
            LogUnreadable(logger, why);
            return;
        }

        if (loaded.Broken > 0)
        {
            LogBroken(logger, loaded.Broken, file.FilePath, loaded.FirstBroken);
        }

        _writer = new HistoryWriter(file, _starts, loaded.NeedsRewrite, time, logger);
    }

    /// <summary>Reads the history of earlier supervisors.</summary>
    internal static FleetHistory Open(string path, TimeProvider time, ILogger<FleetHistory> logger) =>
        new(new HistoryFile(path), time, logger);

    /// <summary>Adds the start that an event reports. Other events are ignored. Never waits for the disk.</summary>
    internal void Add(FleetEvent happened)
    {
        if (StartRecord.Of(happened) is { } start)
        {
            _starts.Add(start);
            _writer?.Notify();
        }
    }

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

    /// <summary>Writes the starts that are not written yet. Gives up after two seconds.</summary>
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

    [LoggerMessage(70, LogLevel.Warning, "The history of starts cannot be read, so this supervisor begins a new one in memory: {Why}")]
    private static partial void LogUnreadable(ILogger logger, string why);

    [LoggerMessage(71, LogLevel.Warning, "{Count} lines of {File} are invalid and are ignored; the first is line {Line}")]
    private static partial void LogBroken(ILogger logger, int count, string file, int line);
}
