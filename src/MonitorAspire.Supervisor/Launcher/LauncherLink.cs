using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Supervisor.Launcher;

/// <summary>Controls the attached daemons through the program that launches them (an Aspire AppHost). That program connects to the
/// supervisor, so that it needs no port. It answers requests and reports the state of its processes.</summary>
internal sealed partial class LauncherLink(TimeProvider time, ILogger<LauncherLink> logger) : IAttachedDaemonController
{
    /// <summary>An AppHost that lost its connection is back well within this time.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A stop is answered when the process has ended, and the AppHost gives it time for that.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, LaunchState> _daemons = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, PendingRequest> _pending = new();
    private readonly Lock _lock = new();
    private LauncherConnection? _connection;
    private TaskCompletionSource _connected = NewSource();

    // Requests of an earlier supervisor have other numbers, so that a launcher can tell a new request from a repeated one.
    private long _lastId = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;

    public event Action<string>? LaunchedUnasked;

    public event Action<string>? StoppingUnasked;

    public async Task RequestStartAsync(string daemon, CancellationToken cancellationToken)
    {
        Of(daemon).ExpectLaunch();
        await RequestAsync(daemon, LauncherAction.Start, cancellationToken);
    }

    public Task RequestStopAsync(string daemon, CancellationToken cancellationToken)
    {
        Of(daemon).ExpectStop();
        return RequestAsync(daemon, LauncherAction.Stop, cancellationToken);
    }

    public async Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken)
    {
        var report = await Of(daemon).WaitAsync(static r => r?.State is LauncherState.Running or LauncherState.Ended or LauncherState.Failed, cancellationToken);
        Of(daemon).Taken = report;
        return report!.State switch
        {
            LauncherState.Running => new AttachedLaunch(report.Pid, report.TraceParent) { BeganAt = report.BeganAt, CheckedAt = report.CheckedAt, RunsAt = report.RunsAt },
            LauncherState.Ended => throw new LaunchFailedException($"it ended at once{(report.ExitCode is { } code ? $" with exit code {code}" : "")}")
            {
                ExitCode = report.ExitCode,
                LogTail = report.LogTail,
            },
            _ => throw new LaunchFailedException(report.Detail ?? "it could not be launched; the launcher's log says why") { LogTail = report.LogTail },
        };
    }

    public async Task<AttachedExit> WaitForEndAsync(string daemon, CancellationToken cancellationToken)
    {
        var report = await Of(daemon).WaitForEndAsync(cancellationToken);
        return report switch
        {
            { State: LauncherState.Running } => new AttachedExit(AttachedEnd.Replaced, null, []),
            { OnPurpose: true } => new AttachedExit(AttachedEnd.StoppedOnPurpose, report.ExitCode, []),
            _ => new AttachedExit(AttachedEnd.ByItself, report.ExitCode, report.LogTail),
        };
    }

    /// <summary>Serves a launcher until its connection ends: unanswered requests and all daemons first, then what changes. It takes the
    /// place of a launcher that is connected already.</summary>
    internal async Task ServeAsync(LauncherConnection connection, IFleet fleet, CancellationToken cancellationToken)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Connect(connection);
        var updating = Task.WhenAll(SendChangesAsync(connection, fleet, session.Token), SendAllRegularlyAsync(connection, fleet, session.Token));
        try
        {
            LogConnected();
            LogDisconnected(await connection.RunAsync(
                message =>
                {
                    Receive(message, fleet);
                    return Task.CompletedTask;
                },
                session.Token));
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            LogDisconnected(e.Message);
        }
        finally
        {
            Disconnect(connection);
            await session.CancelAsync();
            await updating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Connect(LauncherConnection connection)
    {
        lock (_lock)
        {
            _connection?.Close("another launcher has connected");
            _connection = connection;
            foreach (var pending in _pending.Values.OrderBy(p => p.Request.Id))
            {
                connection.Send(pending.Request);
            }

            _connected.TrySetResult();
        }
    }

    private void Disconnect(LauncherConnection connection)
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

    private void Receive(LauncherMessage message, IFleet fleet)
    {
        switch (message)
        {
            // No caller waits for an answer that came too late.
            case LauncherAnswer answer when _pending.TryRemove(answer.Id, out var pending):
                _ = answer.Error is { } error ? pending.Answer.TrySetException(new LaunchFailedException(error)) : pending.Answer.TrySetResult();
                break;
            case LauncherReport report when fleet.Find(report.Daemon) is not null:
                var raise = Of(report.Daemon).Report(report) switch
                {
                    Unasked.Launch => LaunchedUnasked,
                    Unasked.Stop => StoppingUnasked,
                    _ => null,
                };
                raise?.Invoke(report.Daemon);
                break;
            default:
                LogIgnored(message.ToString());
                break;
        }
    }

    private static async Task SendChangesAsync(LauncherConnection connection, IFleet fleet, CancellationToken cancellationToken)
    {
        await foreach (var change in fleet.WatchAsync(null, cancellationToken))
        {
            connection.Send(new DaemonUpdate(fleet.Find(change.Daemon.Name) ?? change.Daemon));
        }
    }

    private async Task SendAllRegularlyAsync(LauncherConnection connection, IFleet fleet, CancellationToken cancellationToken)
    {
        // Probes that find what the last one found are no events.
        using var timer = new PeriodicTimer(LauncherConnection.UpdateInterval, time);
        do
        {
            foreach (var daemon in fleet.Daemons)
            {
                connection.Send(new DaemonUpdate(daemon));
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task RequestAsync(string daemon, LauncherAction action, CancellationToken cancellationToken)
    {
        var request = new LauncherRequest(Interlocked.Increment(ref _lastId), daemon, action, Activity.Current?.Id);
        var pending = new PendingRequest(request, NewSource());
        Task connected;
        lock (_lock)
        {
            _pending[request.Id] = pending;
            _connection?.Send(request);
            connected = _connected.Task;
        }

        try
        {
            await Task.WhenAny(connected.WaitAsync(ConnectTimeout, time, cancellationToken), pending.Answer.Task).Unwrap();
            await pending.Answer.Task.WaitAsync(AnswerTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new LaunchFailedException(
                connected.IsCompleted ? $"the AppHost did not answer within {AnswerTimeout.TotalSeconds} s" : "the AppHost, which launches it, is not connected");
        }
        finally
        {
            _pending.TryRemove(request.Id, out _);
        }
    }

    private LaunchState Of(string name) => _daemons.GetOrAdd(name, static _ => new LaunchState());

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(50, LogLevel.Information, "The AppHost is connected")]
    private partial void LogConnected();

    [LoggerMessage(51, LogLevel.Information, "The connection of the AppHost has ended: {Reason}")]
    private partial void LogDisconnected(string reason);

    [LoggerMessage(52, LogLevel.Debug, "Ignored from the AppHost: {Message}")]
    private partial void LogIgnored(string message);

    private sealed record PendingRequest(LauncherRequest Request, TaskCompletionSource Answer);
}

/// <summary>What a launcher did without a request of the supervisor.</summary>
internal enum Unasked
{
    Nothing,
    Launch,
    Stop,
}

/// <summary>What the launcher has reported of one daemon.</summary>
internal sealed class LaunchState
{
    private readonly Lock _lock = new();
    private LauncherReport? _report;
    private LauncherReport? _end;
    private TaskCompletionSource _changed = NewSource();
    private bool _expected = true;
    private int? _lastPid;
    private int? _stoppingPid;

    /// <summary>The launch that the supervisor verifies or watches.</summary>
    internal LauncherReport? Taken { get; set; }

    /// <summary>The supervisor has asked for a launch. Reports before it are about the last launch.</summary>
    internal void ExpectLaunch()
    {
        lock (_lock)
        {
            _expected = true;
            _report = null;
            _end = null;
        }
    }

    /// <summary>The supervisor asks for a stop. A report that the process stops is no news then.</summary>
    internal void ExpectStop()
    {
        lock (_lock)
        {
            _stoppingPid = _lastPid;
        }
    }

    /// <summary>Keeps a report. Returns what it says that the supervisor did not ask for.</summary>
    internal Unasked Report(LauncherReport report)
    {
        TaskCompletionSource changed;
        Unasked unasked;
        lock (_lock)
        {
            var isNew = report is { State: LauncherState.Running, Pid: { } pid } && pid != _lastPid;
            var isStop = report is { State: LauncherState.Stopping, OnPurpose: true } && !_expected && report.Pid == _lastPid && report.Pid != _stoppingPid;
            unasked = isStop ? Unasked.Stop : isNew && !_expected ? Unasked.Launch : Unasked.Nothing;
            _stoppingPid = isStop ? report.Pid : _stoppingPid;
            if (isNew)
            {
                _lastPid = report.Pid;
                _expected = false;

                // Nothing waited for the launch of an adopted instance. The first launch that is reported is its own.
                Taken ??= report;
            }

            // The launcher may not show the time between the request and the end.
            report = report.State == LauncherState.Ended && report.Pid == _stoppingPid ? report with { OnPurpose = true } : report;
            _report = report;
            _end = report.State == LauncherState.Ended ? report : _end;
            changed = _changed;
            _changed = NewSource();
        }

        changed.TrySetResult();
        return unasked;
    }

    /// <summary>Waits for a report that meets the condition, which gets <see langword="null"/> while there is none.</summary>
    internal async Task<LauncherReport?> WaitAsync(Func<LauncherReport?, bool> condition, CancellationToken cancellationToken)
    {
        LauncherReport? found = null;
        await UntilAsync(() => condition(found = _report), cancellationToken);
        return found;
    }

    /// <summary>Waits for the report of the end of the taken launch, or of the launch that took its place.</summary>
    internal async Task<LauncherReport> WaitForEndAsync(CancellationToken cancellationToken)
    {
        // The daemon may be a descendant of the process that was launched, so the PIDs of launches are compared.
        var taken = Taken?.Pid;
        LauncherReport? found = null;
        await UntilAsync(
            () => (found = _report switch
            {
                { State: LauncherState.Running } running => running.Pid != taken ? running : null,

                // The launcher may wait already to launch the next one.
                _ when _end?.Pid == taken => _end,
                { State: LauncherState.Ended or LauncherState.Failed } ended => ended,
                _ => null,
            }) is not null,
            cancellationToken);
        return found!;
    }

    private async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition())
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
