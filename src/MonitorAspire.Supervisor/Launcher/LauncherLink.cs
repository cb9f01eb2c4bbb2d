using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Launcher;

/// <summary>
/// The conversation with whoever launches the attached daemons (an Aspire AppHost). It comes to us, so that it needs no port: it reads
/// our requests as a stream, answers each of them, and reports what becomes of its processes.
/// </summary>
internal sealed class LauncherLink(TimeProvider time) : IAttachedDaemonController
{
    /// <summary>An AppHost that comes back after a hiccup is back well within this.</summary>
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(15);

    /// <summary>A stop is answered when the process is gone, and the AppHost gives it time to go.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(60);

    /// <summary>The launcher is the parent: it hears of an exit when we do. This is for one that is busy.</summary>
    private static readonly TimeSpan ExplainTime = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Daemon> _daemons = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, Pending> _pending = new();
    private readonly Lock _lock = new();
    private Connection? _connection;
    private TaskCompletionSource _connected = NewSource();
    private long _lastId;

    public event Action<string>? LaunchedUnasked;

    public async Task RequestStartAsync(string daemon, CancellationToken cancellationToken)
    {
        Of(daemon).ExpectLaunch();
        await RequestAsync(daemon, LauncherAction.Start, cancellationToken);
    }

    public Task RequestStopAsync(string daemon, CancellationToken cancellationToken) => RequestAsync(daemon, LauncherAction.Stop, cancellationToken);

    public async Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken)
    {
        var report = await Of(daemon).WaitAsync(static r => r?.State is LauncherState.Running or LauncherState.Ended or LauncherState.Failed, cancellationToken);
        Of(daemon).Taken = report;
        return report!.State switch
        {
            LauncherState.Running => new AttachedLaunch(report.Pid, report.TraceParent),
            LauncherState.Ended => throw new LaunchFailedException($"it ended at once{(report.ExitCode is { } code ? $" with exit code {code}" : "")}")
            {
                ExitCode = report.ExitCode,
                LogTail = report.LogTail,
            },
            _ => throw new LaunchFailedException(report.Detail ?? "it could not be launched; the launcher's log says why") { LogTail = report.LogTail },
        };
    }

    public async Task<AttachedExit> ExplainEndAsync(string daemon, CancellationToken cancellationToken)
    {
        try
        {
            // The daemon may be a descendant of what was launched, so it is the launches that are compared. A report of another one says that
            // this one is history, whatever else it says.
            var taken = Of(daemon).Taken?.Pid;
            var report = await Of(daemon).WaitAsync(r => r is not null && (r.State is not (LauncherState.Running or LauncherState.Stopping) || r.Pid != taken), cancellationToken)
                .WaitAsync(ExplainTime, time, cancellationToken);
            return report! switch
            {
                { State: LauncherState.Running } => new AttachedExit(AttachedEnd.Replaced, null, []),
                { OnPurpose: true } => new AttachedExit(AttachedEnd.StoppedOnPurpose, report!.ExitCode, []),
                _ => new AttachedExit(AttachedEnd.ByItself, report!.ExitCode, report.LogTail),
            };
        }
        catch (TimeoutException)
        {
            return AttachedExit.Unknown;
        }
    }

    /// <summary>Takes in what the launcher says.</summary>
    internal void Report(string daemon, LauncherReport report)
    {
        if (Of(daemon).Report(report))
        {
            LaunchedUnasked?.Invoke(daemon);
        }
    }

    /// <summary>Takes in the answer to a request; <see langword="false"/> where there is none such.</summary>
    internal bool Answer(long id, LauncherAnswer answer)
    {
        if (!_pending.TryRemove(id, out var pending))
        {
            return false;
        }

        return answer.Error is { } error
            ? pending.Answer.TrySetException(new LaunchFailedException(error))
            : pending.Answer.TrySetResult();
    }

    /// <summary>The requests that are not answered, and then all that come. A second reader takes the place of the first.</summary>
    internal async IAsyncEnumerable<LauncherRequest> ReadRequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = new Connection();
        lock (_lock)
        {
            _connection?.Requests.Writer.TryComplete();
            _connection = connection;
            foreach (var pending in _pending.Values.OrderBy(p => p.Request.Id))
            {
                connection.Requests.Writer.TryWrite(pending.Request);
            }

            _connected.TrySetResult();
        }

        try
        {
            await foreach (var request in connection.Requests.Reader.ReadAllAsync(cancellationToken))
            {
                yield return request;
            }
        }
        finally
        {
            lock (_lock)
            {
                if (_connection == connection)
                {
                    _connection = null;
                    _connected = NewSource();
                }
            }
        }
    }

    private async Task RequestAsync(string daemon, LauncherAction action, CancellationToken cancellationToken)
    {
        var request = new LauncherRequest(Interlocked.Increment(ref _lastId), daemon, action, Activity.Current?.Id);
        var pending = new Pending(request, NewSource());
        Task connected;
        lock (_lock)
        {
            _pending[request.Id] = pending;
            _connection?.Requests.Writer.TryWrite(request);
            connected = _connected.Task;
        }

        try
        {
            await Task.WhenAny(connected.WaitAsync(ConnectTime, time, cancellationToken), pending.Answer.Task).Unwrap();
        }
        catch (TimeoutException)
        {
            _pending.TryRemove(request.Id, out _);
            throw new LaunchFailedException("the AppHost, which launches it, is not connected");
        }

        try
        {
            await pending.Answer.Task.WaitAsync(AnswerTime, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new LaunchFailedException($"the AppHost did not answer within {AnswerTime.TotalSeconds} s");
        }
        finally
        {
            _pending.TryRemove(request.Id, out _);
        }
    }

    private Daemon Of(string name) => _daemons.GetOrAdd(name, static _ => new Daemon());

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Pending(LauncherRequest Request, TaskCompletionSource Answer);

    private sealed record Connection
    {
        internal Channel<LauncherRequest> Requests { get; } = Channel.CreateUnbounded<LauncherRequest>();
    }

    /// <summary>The latest report of one daemon.</summary>
    private sealed class Daemon
    {
        private readonly Lock _lock = new();
        private LauncherReport? _report;
        private TaskCompletionSource _changed = NewSource();
        private bool _expected = true;
        private int? _lastPid;

        /// <summary>The launch that the supervisor has taken up.</summary>
        internal LauncherReport? Taken { get; set; }

        /// <summary>What was reported so far is about the last launch, not about the next.</summary>
        internal void ExpectLaunch()
        {
            lock (_lock)
            {
                _expected = true;
                _report = null;
            }
        }

        /// <summary>Takes in a report; says whether it is of a launch that nobody here asked for.</summary>
        internal bool Report(LauncherReport report)
        {
            TaskCompletionSource changed;
            bool unasked;
            lock (_lock)
            {
                var isNew = report is { State: LauncherState.Running, Pid: { } pid } && pid != _lastPid;
                unasked = isNew && !_expected;
                if (isNew)
                {
                    _lastPid = report.Pid;
                    _expected = false;

                    // An instance that was adopted was never waited for; the first launch that is heard of is its.
                    Taken ??= report;
                }

                _report = report;
                changed = _changed;
                _changed = NewSource();
            }

            changed.TrySetResult();
            return unasked;
        }

        internal async Task<LauncherReport?> WaitAsync(Func<LauncherReport?, bool> condition, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task changed;
                lock (_lock)
                {
                    if (condition(_report))
                    {
                        return _report;
                    }

                    changed = _changed.Task;
                }

                await changed.WaitAsync(cancellationToken);
            }
        }
    }
}
