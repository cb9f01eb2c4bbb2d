using System.Threading.Channels;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>
/// Writes starts to the file of the history, on a task of its own, so that no disk holds anybody up. What could not be written is
/// written later, because memory still has it.
/// </summary>
internal sealed partial class HistoryWriter : IAsyncDisposable
{
    /// <summary>How long after a failure nothing is tried.</summary>
    internal static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    // A disk that hangs must not keep the supervisor from ending.
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly HistoryFile _file;
    private readonly RememberedStarts _starts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<bool> _notices = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;
    private bool _stale;
    private long? _failedAt;

    /// <summary>Begins to write.</summary>
    /// <param name="file">The file.</param>
    /// <param name="starts">What is to be in it.</param>
    /// <param name="stale">The file is to be written anew at once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where failures are reported.</param>
    internal HistoryWriter(HistoryFile file, RememberedStarts starts, bool stale, TimeProvider time, ILogger logger)
    {
        _file = file;
        _starts = starts;
        _stale = stale;
        _time = time;
        _logger = logger;
        if (stale)
        {
            Notify();
        }

        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>There is something new to write. Never waits.</summary>
    internal void Notify() => _notices.Writer.TryWrite(true);

    /// <summary>Writes what still waits, for two seconds at most.</summary>
    public async ValueTask DisposeAsync()
    {
        _notices.Writer.TryComplete();
        await _writing.WaitAsync(LastWrite).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WriteAllAsync()
    {
        await foreach (var _ in _notices.Reader.ReadAllAsync())
        {
            if (_failedAt is not { } at || _time.GetElapsedTime(at) >= RetryInterval)
            {
                Write();
            }
        }

        Write();
    }

    private void Write()
    {
        try
        {
            var added = _starts.FetchNew();
            if (_stale || added is null || _file.Lines + added.Count > HistoryFile.MaximumLines || !_file.Append(added))
            {
                _file.Rewrite(_starts.FetchAll());
                _stale = false;
            }

            if (_failedAt is not null)
            {
                _failedAt = null;
                LogWrittenAgain(_file.FilePath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Also what was torn in the middle of a line is mended by writing all of it anew.
            _stale = true;
            if (_failedAt is null)
            {
                LogUnwritable(e.Message);
            }

            _failedAt = _time.GetTimestamp();
        }
    }

    [LoggerMessage(42, LogLevel.Warning, "The history of starts cannot be written and is kept in memory until it can: {Why}")]
    private partial void LogUnwritable(string why);

    [LoggerMessage(43, LogLevel.Information, "The history of starts is complete in {File} again")]
    private partial void LogWrittenAgain(string file);
}
