namespace MonitorAspire.Supervision.Launcher;

/// <summary>What a launcher did without a request of the supervisor.</summary>
internal enum Unasked
{
    Nothing,
    Launch,

    /// <summary>A launch that the supervisor asked for and has given up.</summary>
    LateLaunch,
    Stop,
}

/// <summary>What the launcher has reported of one daemon.</summary>
/// <param name="continuations">How those who wait for a report continue.</param>
internal sealed class LaunchState(TaskCreationOptions continuations)
{
    private readonly Lock _lock = new();
    private LauncherReport? _report;
    private LauncherReport? _reportBefore;
    private LauncherReport? _end;
    private LauncherReport? _launch;
    private TaskCompletionSource _changed = new(continuations);
    private bool _isAsked;
    private bool _isAwaited;
    private int? _lastPid;
    private bool _isStopAsked;
    private int? _stoppedPid;

    /// <summary>The launch that the supervisor verifies or watches.</summary>
    internal LauncherReport? Taken { get; set; }

    /// <summary>The supervisor asks for a launch. Reports before it are about the last launch.</summary>
    internal void ExpectLaunch()
    {
        lock (_lock)
        {
            (_isAsked, _isAwaited) = (true, true);
            _reportBefore = _report ?? _reportBefore;
            _report = null;
            _end = null;
        }
    }

    /// <summary>Whether a start waits for a launch now. One that comes at another time is news.</summary>
    internal void AwaitLaunch(bool isAwaited)
    {
        lock (_lock)
        {
            _isAwaited = isAwaited;
            if (!isAwaited)
            {
                // Without a launch, all is as it was before the request.
                _report ??= _reportBefore;
            }
        }
    }

    /// <summary>The supervisor does not wait for the launch any more. It may still come, unless no launcher got the request or it was refused.</summary>
    internal void GiveUpLaunch(bool mayCome)
    {
        AwaitLaunch(false);
        lock (_lock)
        {
            _isAsked &= mayCome;
        }
    }

    /// <summary>Whether a stop is asked for and not answered. A process that is reported for the first time meanwhile is the one that is to stop.</summary>
    internal void ExpectStop(bool isAsked)
    {
        lock (_lock)
        {
            _isStopAsked = isAsked;
        }
    }

    /// <summary>The launch that was reported last, and whether it still runs as far as that is known; <see langword="null"/> where there is none.</summary>
    internal (LauncherReport Report, bool Runs)? LastLaunch
    {
        get
        {
            lock (_lock)
            {
                return _launch is null ? null : (_launch, _report == _launch);
            }
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

            // The process before the launch that was asked for: its end may be reported after the request.
            var isOld = _isAsked && report.Pid is not null && report.Pid == _lastPid;
            var isBeingStopped = _lastPid is null && _isStopAsked;
            _lastPid = isNew ? report.Pid : _lastPid ?? report.Pid;
            var isStop = report is { State: LauncherState.Stopping or LauncherState.Ended, OnPurpose: true } && !_isAsked && report.Pid == _lastPid && report.Pid != _stoppedPid;
            unasked = isStop ? Unasked.Stop
                : !isNew || _isAwaited || isBeingStopped ? Unasked.Nothing
                : _isAsked ? Unasked.LateLaunch
                : Unasked.Launch;
            _stoppedPid = isStop ? report.Pid : isNew ? null : _stoppedPid;
            if (isNew)
            {
                // Nothing waited for the launch of an adopted instance. The first launch that is reported is its own.
                Taken ??= report;
            }

            // The launcher may not say it again.
            report = report.State == LauncherState.Ended && report.Pid is not null && report.Pid == _stoppedPid ? report with { OnPurpose = true } : report;
            _end = report.State == LauncherState.Ended ? report : _end;
            _launch = report.State == LauncherState.Running ? report : _launch;
            if (!isOld)
            {
                _isAsked &= report.State is not (LauncherState.Running or LauncherState.Ended or LauncherState.Failed);
                _report = report;
            }

            changed = _changed;
            _changed = new TaskCompletionSource(continuations);
        }

        changed.TrySetResult();
        return unasked;
    }

    /// <summary>Waits for a report that meets the condition, which gets <see langword="null"/> while there is none.</summary>
    internal async Task<LauncherReport?> WaitAsync(Func<LauncherReport?, bool> condition, CancellationToken cancellationToken)
    {
        LauncherReport? found = null;
        await UntilAsync(() => condition(found = _report), cancellationToken).ConfigureAwait(false);
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
            cancellationToken).ConfigureAwait(false);
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

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
