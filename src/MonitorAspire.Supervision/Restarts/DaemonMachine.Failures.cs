using System.Globalization;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>Failures of a running daemon, and the delay before the next start.</summary>
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
            // The stop that is under way proves that nothing is left. A stop that had failed is tried again now.
            if (_state.Operation is null)
            {
                BeginStop(_state.After);
            }

            return;
        }

        var detail = $"ended after it was verified, with {exited.Exit}";
        Do(new MachineAction.NoteFailure(StartupReason.ExitedPrematurely, Stage: null, detail, exited.Exit));
        Do(new MachineAction.Announce(Announcement.Exited, detail));
        LoseHealth();
        Recover(CountFailure());
    }

    private void OnProbed(MachineEvent.Probed probed)
    {
        if (_state.Instance != probed.Instance || _state.State is not (DaemonState.Running or DaemonState.Unhealthy))
        {
            return;
        }

        if (probed.PidFile == false && settings.CanAct)
        {
            Do(new MachineAction.RepairFiles());
        }

        if (probed.Contested is { } other)
        {
            Fire(AlertKind.Contested, $"{other} listens on the port too");
        }
        else if (probed.Port == true)
        {
            Resolve(AlertKind.Contested, "no other process listens on the port");
        }

        if (!probed.Health || probed.Port == false)
        {
            OnFailedProbe(probed);
            return;
        }

        _reason = _state.State == DaemonState.Unhealthy ? "healthy again" : null;
        _state = _state with
        {
            State = DaemonState.Running,
            ProbeFailures = 0,
            HealthLostSince = null,
            VerifiedSince = _state.VerifiedSince ?? now,
        };
        Resolve(AlertKind.HealthLost, "healthy again");
        OnMemory(probed);
    }

    /// <summary>The first failed probe makes the daemon unhealthy; the restart comes after as many as the settings say.</summary>
    private void OnFailedProbe(MachineEvent.Probed probed)
    {
        LoseHealth();

        // The second look comes right after the first failed probe. It does not count as another failure, unless it took long itself.
        var isFirst = _state.State != DaemonState.Unhealthy;
        var counts = isFirst || now - _state.ProbeFailureAt >= settings.Probe.Interval / 2;
        var isSocketLost = probed.Port == false;
        var isConfirmed = !isFirst && isSocketLost && _state.IsSocketLost;
        _state = _state with { State = DaemonState.Unhealthy, IsSocketLost = isSocketLost };
        if (counts)
        {
            _state = _state with { ProbeFailures = _state.ProbeFailures + 1, ProbeFailureAt = now };
            var (failed, limit) = (_state.ProbeFailures, settings.Probe.Failures);
            _reason = failed > limit ? null : $"failed probe {failed} of {limit}: {probed.Detail}";
            _isRepeated = !isFirst;
        }

        // The kernel says for certain that the socket is gone, so one more look is enough.
        var givesUp = _state.ProbeFailures >= settings.Probe.Failures || isConfirmed;
        var restarts = givesUp && settings.Restart.Mode != RestartMode.Never && settings.CanAct;
        if (isFirst || restarts)
        {
            Do(new MachineAction.NoteFailure(probed.Reason ?? StartupReason.HealthUnreachable, Stage: null, probed.Detail, Exit: null));
        }

        _state = _state with { VerifiedSince = givesUp ? null : _state.VerifiedSince };
        if (restarts)
        {
            var why = isConfirmed ? "because its listening socket is gone" : $"after {_state.ProbeFailures} failed probes";
            Do(new MachineAction.Then(new MachineEvent.HealthGivenUp(probed.Instance, $"given up {why}: {probed.Detail}")));
        }
        else if (givesUp && counts && _state.ProbeFailures == settings.Probe.Failures)
        {
            var why = settings.CanAct ? $"{nameof(settings.Restart)}:{nameof(settings.Restart.Mode)} is {settings.Restart.Mode}" : "this supervisor only watches it";
            (_reason, _isRepeated) = ($"given up after {_state.ProbeFailures} failed probes, and not restarted, because {why}: {probed.Detail}", false);
        }
        else if (isFirst)
        {
            Do(new MachineAction.ProbeAgain());
        }
    }

    private void OnHealthGivenUp(MachineEvent.HealthGivenUp givenUp)
    {
        if (_state.Instance == givenUp.Instance && _state.State == DaemonState.Unhealthy)
        {
            var delay = CountFailure();
            BeginStop(AfterStop.Recover);
            _state = _state with { RecoverDelay = delay };
            _reason = givenUp.Reason;
        }
    }

    private void LoseHealth() => _state = _state with { HealthLostSince = _state.HealthLostSince ?? now };

    /// <summary>Counts a failure, begins the crash loop when the budget is spent, and returns the delay before the next start.</summary>
    private TimeSpan CountFailure()
    {
        var since = now - settings.Restart.BudgetWindow;
        var recent = _state.RecentFailures.RemoveAll(at => at <= since).Add(now);

        // No more than the budget are needed.
        if (recent.Length > settings.Restart.Budget)
        {
            recent = recent.RemoveAt(0);
        }

        _state = _state with { RecentFailures = recent, ConsecutiveFailures = _state.ConsecutiveFailures + 1 };
        if (recent.Length >= settings.Restart.Budget && settings.Restart.Mode != RestartMode.Never && settings.CanAct)
        {
            _state = _state with { CrashLoop = true };
            Fire(AlertKind.CrashLoop, $"{recent.Length} failures within {settings.Restart.BudgetWindow}; it is now started only every {settings.Restart.MaxDelay}");
        }

        return RestartDelay.After(settings.Restart, _state.ConsecutiveFailures, _state.CrashLoop, random);
    }

    private void Recover(TimeSpan delay, string? reason = null)
    {
        if (settings.Restart.Mode == RestartMode.Never || !settings.CanAct)
        {
            GiveUp();
        }
        else if (delay <= TimeSpan.Zero)
        {
            BeginStart(isRestart: true);
        }
        else
        {
            _state = _state with
            {
                State = _state.CrashLoop ? DaemonState.CrashLooping : DaemonState.Backoff,
                NextAttemptAt = now + delay,
                VerifiedSince = null,
            };
            _reason = reason ?? string.Create(CultureInfo.InvariantCulture, $"{_state.ConsecutiveFailures} failures in a row, next start in {delay.TotalSeconds:0.###} s");
        }
    }

    private void GiveUp()
    {
        // A daemon that is only watched is looked at again: its launcher may have started it.
        _state = _state with
        {
            State = DaemonState.Failed,
            VerifiedSince = null,
            NextAttemptAt = settings.CanAct ? null : now + settings.LookInterval,
        };
    }

    private void OnTimerDue()
    {
        if (_state.HealthLostSince is { } lost && now - lost >= settings.Probe.HealthLostAfter)
        {
            Fire(AlertKind.HealthLost, $"not healthy for {settings.Probe.HealthLostAfter.TotalSeconds:0.#} s");
        }

        if (_state is { State: DaemonState.Running, VerifiedSince: { } verified } && now - verified >= settings.Restart.ResetAfter)
        {
            ForgetFailures($"verified and healthy for {settings.Restart.ResetAfter.TotalSeconds:0.#} s");
        }

        if (_state.NextAttemptAt is not { } due || due > now)
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
            case DaemonState.Failed when !settings.CanAct:
                Do(new MachineAction.Look(BeginOperation()));
                break;
            case DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Failed:
                BeginStart(isRestart: true);
                break;
        }
    }
}
