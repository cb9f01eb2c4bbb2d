using System.Collections.Concurrent;
using System.Diagnostics;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Launcher;

/// <summary>
/// Controls the attached daemons with messages to and from the program that launches them. It keeps what that program has reported, and the requests that
/// are not answered yet. It does not know how the messages are carried.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="continuations">How callers continue. Default: on a thread of the thread pool, so that they do not hold up the next message.</param>
internal sealed class LauncherController(TimeProvider time, TaskCreationOptions continuations = TaskCreationOptions.RunContinuationsAsynchronously) : IAttachedDaemonController
{
    /// <summary>An AppHost that lost its connection is back well within this time.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A stop is answered when the process has ended, and the AppHost gives it time for that.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, LaunchState> _daemons = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, PendingRequest> _pending = new();
    private readonly Lock _lock = new();
    private Action<LauncherMessage>? _send;
    private TaskCompletionSource _connected = new(continuations);

    // Requests of an earlier supervisor have other numbers, so that a launcher can tell a new request from a repeated one.
    private long _lastId = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    public event Action<string>? LaunchedUnasked;

    public event Action<string>? LaunchedLate;

    public event Action<string>? StoppingUnasked;

    public async Task RequestStartAsync(string daemon, CancellationToken cancellationToken)
    {
        Of(daemon).ExpectLaunch();
        var pending = NewRequest(daemon, LauncherAction.Start);
        try
        {
            await RequestAsync(pending, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Of(daemon).GiveUpLaunch(mayCome: pending is { IsSent: true, Answer.Task.IsFaulted: false });
            throw;
        }
    }

    public async Task RequestStopAsync(string daemon, CancellationToken cancellationToken)
    {
        Of(daemon).ExpectStop(true);
        try
        {
            await RequestAsync(NewRequest(daemon, LauncherAction.Stop), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Of(daemon).ExpectStop(false);
        }
    }

    public AttachedLaunch? FindLaunch(string daemon)
    {
        var state = Of(daemon);
        if (state.LastLaunch is not var (report, runs))
        {
            return null;
        }

        state.Taken = runs ? report : state.Taken;
        return LaunchOf(report) with { HasEnded = !runs };
    }

    public async Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken)
    {
        var state = Of(daemon);
        state.AwaitLaunch(true);
        LauncherReport? report;
        try
        {
            report = await state.WaitAsync(static r => r?.State is LauncherState.Running or LauncherState.Ended or LauncherState.Failed, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            state.AwaitLaunch(false);
        }

        state.Taken = report;
        return report!.State switch
        {
            LauncherState.Running => LaunchOf(report),
            LauncherState.Ended => throw new LaunchFailedException($"it ended at once{(report.ExitCode is { } code ? $" with exit code {code}" : "")}")
            {
                ExitCode = report.ExitCode,
                LogTail = report.LogTail,
                IsStoppedOnPurpose = report.OnPurpose,
            },
            _ => throw new LaunchFailedException(report.Detail ?? "it could not be launched; the launcher's log says why") { LogTail = report.LogTail },
        };
    }

    public async Task<AttachedExit> WaitForEndAsync(string daemon, CancellationToken cancellationToken)
    {
        var report = await Of(daemon).WaitForEndAsync(cancellationToken).ConfigureAwait(false);
        return report switch
        {
            { State: LauncherState.Running } => new AttachedExit(AttachedEnd.Replaced, null, []),
            { OnPurpose: true } => new AttachedExit(AttachedEnd.StoppedOnPurpose, report.ExitCode, []),
            _ => new AttachedExit(AttachedEnd.ByItself, report.ExitCode, report.LogTail),
        };
    }

    /// <summary>A launcher is connected. It gets the requests that are not answered yet, and then the new ones.</summary>
    /// <param name="send">Sends a message to it, and does not wait.</param>
    internal void Connect(Action<LauncherMessage> send)
    {
        lock (_lock)
        {
            _send = send;
            foreach (var pending in _pending.Values.OrderBy(p => p.Request.Id))
            {
                pending.IsSent = true;
                send(pending.Request);
            }

            _connected.TrySetResult();
        }
    }

    /// <summary>No launcher is connected any more.</summary>
    internal void Disconnect()
    {
        lock (_lock)
        {
            _send = null;
            _connected = new TaskCompletionSource(continuations);
        }
    }

    /// <summary>The launcher has answered a request. Returns whether a caller waits for the answer.</summary>
    internal bool Receive(LauncherAnswer answer)
    {
        if (!_pending.TryRemove(answer.Id, out var pending))
        {
            return false;
        }

        _ = answer.Error is { } error ? pending.Answer.TrySetException(new LaunchFailedException(error)) : pending.Answer.TrySetResult();
        return true;
    }

    /// <summary>The launcher has reported the state of a process.</summary>
    internal void Receive(LauncherReport report)
    {
        var raise = Of(report.Daemon).Report(report) switch
        {
            Unasked.Launch => LaunchedUnasked,
            Unasked.LateLaunch => LaunchedLate,
            Unasked.Stop => StoppingUnasked,
            _ => null,
        };
        raise?.Invoke(report.Daemon);
    }

    private PendingRequest NewRequest(string daemon, LauncherAction action) =>
        new(new LauncherRequest(Interlocked.Increment(ref _lastId), daemon, action, Activity.Current?.Id), new TaskCompletionSource(continuations));

    private async Task RequestAsync(PendingRequest pending, CancellationToken cancellationToken)
    {
        Task connected;
        lock (_lock)
        {
            _pending[pending.Request.Id] = pending;
            pending.IsSent = _send is not null;
            _send?.Invoke(pending.Request);
            connected = _connected.Task;
        }

        try
        {
            var first = await Task.WhenAny(connected.WaitAsync(ConnectTimeout, time, cancellationToken), pending.Answer.Task).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            await pending.Answer.Task.WaitAsync(AnswerTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new LaunchFailedException(
                connected.IsCompleted ? $"the AppHost did not answer within {AnswerTimeout.TotalSeconds} s" : "the AppHost, which launches it, is not connected");
        }
        finally
        {
            _pending.TryRemove(pending.Request.Id, out _);
        }
    }

    private static AttachedLaunch LaunchOf(LauncherReport report) =>
        new(report.Pid, report.TraceParent) { BeganAt = report.BeganAt, CheckedAt = report.CheckedAt, RunsAt = report.RunsAt };

    private LaunchState Of(string name) => _daemons.GetOrAdd(name, _ => new LaunchState(continuations));

    private sealed record PendingRequest(LauncherRequest Request, TaskCompletionSource Answer)
    {
        /// <summary>Whether a launcher may have got it.</summary>
        public bool IsSent { get; set; }
    }
}
