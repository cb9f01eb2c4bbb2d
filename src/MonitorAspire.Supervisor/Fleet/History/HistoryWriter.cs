using System.Threading.Channels;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>Writes starts to the file of the history in the background, so that nothing waits for the disk. Starts that could not be
/// written are written later.</summary>
internal sealed partial class HistoryWriter : IAsyncDisposable
{
    /// <summary>Time from a failed write to the next try: 30 seconds.</summary>
    internal static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    // A disk that hangs must not delay the end of the supervisor.
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly HistoryFile _file;
    private readonly RememberedStarts _starts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<bool> _notices = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;
    private bool _needsRewrite;
    private long? _failedAt;

    internal HistoryWriter(HistoryFile file, RememberedStarts starts, bool rewrite, TimeProvider time, ILogger logger)
    {
        _file = file;
        _starts = starts;
        _needsRewrite = rewrite;
        _time = time;
        _logger = logger;
        if (rewrite)
        {
            Notify();
        }

        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Tells the writer that there are new starts. Never waits.</summary>
    internal void Notify() => _notices.Writer.TryWrite(true);

    /// <summary>Writes the new starts. Gives up after two seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        _notices.Writer.TryComplete();
        await _writing.WaitAsync(LastWrite, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            if (_needsRewrite || added is null || _file.Lines + added.Count > HistoryFile.MaximumLines || !_file.Append(added))
            {
                _file.Rewrite(_starts.FetchAll());
                _needsRewrite = false;
            }

            if (_failedAt is not null)
            {
                _failedAt = null;
                LogWrittenAgain(_file.FilePath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A rewrite also removes an incomplete line.
            _needsRewrite = true;
            if (_failedAt is null)
            {
                LogUnwritable(e.Message);
            }

            _failedAt = _time.GetTimestamp();
        }
    }

    [LoggerMessage(72, LogLevel.Warning, "The history of starts cannot be written and stays in memory until it can: {Why}")]
    private partial void LogUnwritable(string why);

    [LoggerMessage(73, LogLevel.Information, "The history of starts is written to {File} again")]
    private partial void LogWrittenAgain(string file);
}
