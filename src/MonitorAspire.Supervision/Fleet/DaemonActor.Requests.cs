using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What is asked from outside, and how those who wait are answered.</summary>
internal sealed partial class DaemonActor
{
    /// <summary>Takes over what lives, or starts what does not.</summary>
    public void Begin() => Post(BeginAdoption);

    public Task<StartupReport> StartAsync() => AskForStart(waiter =>
    {
        switch (_state.State)
        {
            case DaemonState.Running:
                waiter.Answer.SetResult(AlreadyRunning());
                return;
            case DaemonState.Unhealthy:
                throw new FleetConflictException($"'{_spec.Name}' lives as PID {_snapshot.Pid} but is not healthy; a restart replaces it");
            default:
                _startWaiters.Add(waiter with { From = _state.State == DaemonState.Starting ? _state.Operation!.Value : _state.LastOperation + 1 });
                Apply(new MachineEvent.StartRequested());
                return;
        }
    });

    public Task<StartupReport> RestartAsync() => AskForStart(waiter =>
    {
        _startWaiters.Add(waiter with { From = _state.LastOperation + 1 });
        Apply(new MachineEvent.RestartRequested());
    });

    public Task<StopReport> StopAsync()
    {
        var answer = new TaskCompletionSource<StopReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        PostRequest(answer, () =>
        {
            RefuseWhereOnlyWatched();
            _stopWaiters.Add(answer);
            Apply(new MachineEvent.StopRequested());
        });
        return answer.Task;
    }

    /// <summary>Forgets the failures of a crash loop and tries at once.</summary>
    public Task<DaemonSnapshot> ResetCrashLoopAsync()
    {
        var answer = new TaskCompletionSource<DaemonSnapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
        PostRequest(answer, () =>
        {
            RefuseWhereOnlyWatched();
            if (_state.State is DaemonState.Stopped or DaemonState.Failed or DaemonState.Foreign)
            {
                throw new FleetConflictException($"'{_spec.Name}' is in no crash loop (it is {_state.State}); {(_state.State == DaemonState.Foreign ? $"port {_snapshot.Port} is somebody else's" : "a start is what it needs")}");
            }

            Apply(new MachineEvent.CrashLoopReset());
            answer.SetResult(_snapshot);
        });
        return answer.Task;
    }

    /// <summary>Takes note that a person has launched it with the launcher's own means.</summary>
    public void LaunchedUnasked() => Post(OnLaunchedUnasked);

    /// <summary>Takes a new specification for a daemon that need not be restarted for it, or that is stopped.</summary>
    public Task ReconfigureAsync(DaemonSpec spec, bool start)
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_mailbox.Writer.TryWrite(() =>
        {
            _spec = spec;
            _settings = SettingsFor(spec);
            _liveSpec = _state.Instance is null ? spec : spec with { Port = _liveSpec.Port, PortRangeEnd = null };
            _snapshot = Snapshot();
            Apply(start ? new MachineEvent.StartRequested() : new MachineEvent.ConfigurationChanged(NeedsRestart: false));
            answer.SetResult();
        }))
        {
            answer.SetResult();
        }

        return answer.Task;
    }

    /// <summary>Goes by the fleet's new options from now on. The daemon is not touched.</summary>
    /// <param name="phase">When within the new probe interval it is probed, from 0 to 1; <see langword="null"/> where that stays as it is.</param>
    public void UseOptions(double? phase) => Post(() =>
    {
        _settings = SettingsFor(_spec);
        if (phase is { } share)
        {
            try
            {
                _probeTimer.Change(_parts.Options.ProbeInterval * Math.Clamp(share, 0, 1), _parts.Options.ProbeInterval);
            }
            catch (ObjectDisposedException)
            {
                // Ending.
            }
        }

        Arm();
    });

    /// <summary>Whether the daemon is to run.</summary>
    public Task<bool> IsWantedAsync()
    {
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        PostRequest(answer, () => answer.SetResult(_state.Wanted));
        return answer.Task;
    }

    /// <summary>Lets the mailbox run empty. Says whether anything was done since the last time.</summary>
    internal async Task<bool> SettleAsync()
    {
        var empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_mailbox.Writer.TryWrite(empty.SetResult))
        {
            return false;
        }

        // Operations that wait for the clock never end here, so they are given a moment and not more.
        await empty.Task.ConfigureAwait(false);
        await Task.WhenAny(Task.WhenAll(Operations()), Task.Delay(1)).ConfigureAwait(false);
        return Interlocked.Exchange(ref _handled, 0) > 1;
    }

    private Task<StartupReport> AskForStart(Action<StartWaiter> request)
    {
        var answer = new TaskCompletionSource<StartupReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        PostRequest(answer, () =>
        {
            RefuseWhereOnlyWatched();
            request(new StartWaiter(answer, From: 0));
        });
        return answer.Task;
    }

    private void PostRequest<T>(TaskCompletionSource<T> answer, Action request)
    {
        var written = _mailbox.Writer.TryWrite(() =>
        {
            try
            {
                request();
            }
            catch (Exception e)
            {
                answer.TrySetException(e);
            }
        });
        if (!written)
        {
            answer.TrySetException(new FleetConflictException($"the supervisor is ending; '{_spec.Name}' is no longer looked after"));
        }
    }

    private void RefuseWhereOnlyWatched()
    {
        if (!CanAct)
        {
            throw new FleetConflictException($"'{_spec.Name}' was launched by somebody else; this supervisor watches it and cannot start or stop it");
        }
    }

    private StartupReport AlreadyRunning() => new()
    {
        Name = _spec.Name,
        Host = _spec.Host,
        Port = _snapshot.Port,
        Verdict = StartupVerdict.AlreadyRunning,
        Reason = StartupReason.AlreadyRunning,
        Detail = $"PID {_snapshot.Pid} is verified and runs",
        Pid = _snapshot.Pid,
        StartedAt = _snapshot.StartedAt,
        VerifiedAt = _snapshot.VerifiedAt,
        OwnershipVerified = _snapshot.Checks.Any(c => c is { Name: "port", Healthy: true }) || _lastVerified?.OwnershipVerified == true,
        LogFile = _snapshot.LogFile,
        PidFile = _snapshot.PidFile,
    };

    private void AnswerStart(long operation, StartupReport report)
    {
        foreach (var waiter in _startWaiters.Where(w => w.From <= operation).ToList())
        {
            _startWaiters.Remove(waiter);
            waiter.Answer.TrySetResult(report);
        }
    }

    private void AnswerStop(StopReport report)
    {
        _stopWaiters.ForEach(waiter => waiter.TrySetResult(report));
        _stopWaiters.Clear();
        if (report.Verdict is StopVerdict.Failed or StopVerdict.PermissionDenied)
        {
            Abandon(new FleetConflictException($"'{_spec.Name}' could not be stopped, so it was not started: {report.Detail}"));
        }
    }

    /// <summary>Nobody is left waiting for what will not happen.</summary>
    private void Release()
    {
        if (_state is { State: DaemonState.Stopped, Operation: null } && _startWaiters.Count > 0)
        {
            Abandon(new FleetConflictException($"'{_spec.Name}' was stopped before it was started"));
        }
    }

    private void Abandon(FleetConflictException reason)
    {
        _startWaiters.ForEach(waiter => waiter.Answer.TrySetException(reason));
        _startWaiters.Clear();
        if (_mailbox.Reader.Completion.IsCompleted)
        {
            _stopWaiters.ForEach(waiter => waiter.TrySetException(reason));
            _stopWaiters.Clear();
        }
    }

    /// <summary>Somebody who waits for a start.</summary>
    /// <param name="Answer">What is waited on.</param>
    /// <param name="From">The first operation whose verdict is an answer: a restart is not answered by the start that it interrupted.</param>
    private sealed record StartWaiter(TaskCompletionSource<StartupReport> Answer, long From);
}
