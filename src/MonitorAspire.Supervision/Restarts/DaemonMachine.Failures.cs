using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>What goes wrong with a running daemon, and how long to wait before the next try.</summary>
internal sealed partial class DaemonMachine
{
    private void OnInstanceExited(MachineEvent.InstanceExited exited)
    {
        if (_state.Instance != exited.Instance)
        {
            return;
        }

        _state = _state with { Instance = null };
        if (_state.State == DaemonState.Stopping)
        {
            // The stop that is under way proves the rest. One that had failed is tried again now: what held it up is gone.
            if (_state.Operation is null)
            {
                BeginStop(_state.After);
            }

            return;
        }

        var detail = $"ended after it was verified, with {exited.Exit}";
        Do(new MachineAction.NoteFailure(StartupReason.ExitedPrematurely, Stage: null, detail, exited.Exit));
        Do(new MachineAction.Announce(FleetEventKind.Exited, detail));
        LoseHealth();
        Recover(CountFailure());
    }

    private void OnProbed(MachineEvent.Probed probed)
    {
        if (_state.Instance != probed.Instance || _state.State is not (DaemonState.Running or DaemonState.Unhealthy))
        {
            return;
        }

        if (probed.PidFile == false && _settings.CanAct)
        {
            Do(new MachineAction.RepairFiles());
        }

        if (!probed.Health || probed.Port == false)
        {
            CountProbeFailure(probed);
            return;
        }

        // A daemon that comes back by itself has to earn its reset from now on.
        var verifiedSince = _state.State == DaemonState.Unhealthy ? _now : _state.VerifiedSince;
        _state = _state with { State = DaemonState.Running, ProbeFailures = 0, HealthLostSince = null, VerifiedSince = verifiedSince };
        Resolve(AlertKind.HealthLost, "healthy again");
    }

    private void CountProbeFailure(MachineEvent.Probed probed)
    {
        LoseHealth();
        _state = _state with { ProbeFailures = _state.ProbeFailures + 1 };
        if (_state.ProbeFailures < _settings.ProbeFailures || _state.State == DaemonState.Unhealthy)
        {
            return;
        }

        _state = _state with { State = DaemonState.Unhealthy, VerifiedSince = null };
        Do(new MachineAction.NoteFailure(probed.Reason ?? StartupReason.HealthUnreachable, Stage: null, probed.Detail, Exit: null));
        if (_settings.Restart.Mode != RestartMode.Never && _settings.CanAct)
        {
            Do(new MachineAction.Then(new MachineEvent.HealthGivenUp(probed.Instance)));
        }
    }

    private void OnHealthGivenUp(MachineEvent.HealthGivenUp givenUp)
    {
        if (_state.Instance == givenUp.Instance && _state.State == DaemonState.Unhealthy)
        {
            var delay = CountFailure();
            BeginStop(AfterStop.Recover);
            _state = _state with { RecoverDelay = delay };
        }
    }

    private void LoseHealth() => _state = _state with { HealthLostSince = _state.HealthLostSince ?? _now };

    /// <summary>Counts a failure, raises the crash loop when the budget is spent, and says how long to wait.</summary>
    private TimeSpan CountFailure()
    {
        var since = _now - _settings.Restart.BudgetWindow;
        var recent = _state.RecentFailures.RemoveAll(at => at <= since).Add(_now);

        // More than the budget are never looked at, so no more are kept.
        if (recent.Length > _settings.Restart.Budget)
        {
            recent = recent.RemoveAt(0);
        }

        _state = _state with { RecentFailures = recent, ConsecutiveFailures = _state.ConsecutiveFailures + 1 };
        if (recent.Length >= _settings.Restart.Budget && _settings.Restart.Mode != RestartMode.Never && _settings.CanAct)
        {
            _state = _state with { CrashLoop = true };
            Fire(AlertKind.CrashLoop, $"{recent.Length} failures within {_settings.Restart.BudgetWindow}; tries come only every {_settings.Restart.MaxDelay} now");
        }

        return RestartDelay.After(_settings.Restart, _state.ConsecutiveFailures, _state.CrashLoop, _random);
    }

    private void Recover(TimeSpan delay)
    {
        if (_settings.Restart.Mode == RestartMode.Never || !_settings.CanAct)
        {
            GiveUp();
        }
        else if (delay <= TimeSpan.Zero)
        {
            BeginStart(nobodyAsked: true);
        }
        else
        {
            _state = _state with
            {
                State = _state.CrashLoop ? DaemonState.CrashLooping : DaemonState.Backoff,
                NextAttemptAt = _now + delay,
                VerifiedSince = null,
            };
        }
    }

    private void GiveUp()
    {
        // What nobody here can start again is looked at: whoever launches it may have brought it back.
        _state = _state with
        {
            State = DaemonState.Failed,
            VerifiedSince = null,
            NextAttemptAt = _settings.CanAct ? null : _now + _settings.LookInterval,
        };
    }

    private void OnTimerDue()
    {
        if (_state.HealthLostSince is { } lost && _now - lost >= _settings.HealthLostAfter)
        {
            Fire(AlertKind.HealthLost, $"not healthy for {_settings.HealthLostAfter.TotalSeconds:0.#} s");
        }

        if (_state is { State: DaemonState.Running, VerifiedSince: { } verified } && _now - verified >= _settings.Restart.ResetAfter)
        {
            ForgetFailures($"verified and healthy for {_settings.Restart.ResetAfter.TotalSeconds:0.#} s");
        }

        if (_state.NextAttemptAt is not { } due || due > _now)
        {
            return;
        }

        _state = _state with { NextAttemptAt = null };
        switch (_state.State)
        {
            case DaemonState.Stopping:
                BeginStop(_state.After);
                break;
            case DaemonState.Foreign:
            case DaemonState.Failed when !_settings.CanAct:
                Do(new MachineAction.Look(BeginOperation()));
                break;
            case DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Failed:
                BeginStart(nobodyAsked: true);
                break;
        }
    }
}
