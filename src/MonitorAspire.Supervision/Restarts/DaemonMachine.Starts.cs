using System.Globalization;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>The ends of starts, stops and looks.</summary>
internal sealed partial class DaemonMachine
{
    private void OnAdopted(MachineEvent.AdoptedInstance adopted)
    {
        // With an operation under way or a living instance of its own, the supervisor needs no other instance.
        if (_state.Operation is not null || _state.Instance is not null)
        {
            return;
        }

        _state = _state with { Wanted = true, Restarts = Math.Max(_state.Restarts, adopted.Restarts) };
        EnterRunning(adopted.Instance);
        Do(new MachineAction.Announce(Announcement.Adopted, "adopted from an earlier supervisor; it was not restarted"));
        if (!adopted.Healthy)
        {
            OnFailedProbe(new MachineEvent.Probed(adopted.Instance, null, null, Health: false, adopted.Reason, adopted.Detail ?? "not healthy when it was adopted"));
        }
    }

    private void OnStageEntered(MachineEvent.StageEntered entered)
    {
        if (_state.State == DaemonState.Starting && _state.Operation == entered.Operation)
        {
            _state = _state with { Stage = entered.Stage };
        }
    }

    private void OnStartEnded(MachineEvent.StartEnded ended)
    {
        if (_state.Operation != ended.Operation)
        {
            return;
        }

        _state = _state with { Operation = null };
        var report = ended.Report;
        if (_state.State == DaemonState.Stopping)
        {
            // The start was cancelled. It may have succeeded before that, so a stop follows in any case.
            _state = _state with { Instance = ended.Instance };
            Do(new MachineAction.Announce(Announcement.StartFailed, "given up on request"));
            BeginStop(_state.After);
            return;
        }

        if (ended.Instance is { } instance)
        {
            EnterRunning(instance);
            Do(new MachineAction.Announce(Announcement.StartVerified));
            return;
        }

        var reason = report.Reason ?? StartupReason.TimedOut;
        _state = _state with { Stage = report.Stage };
        Do(new MachineAction.NoteFailure(reason, report.Stage, report.Detail, Exit: null));
        Do(new MachineAction.Announce(Announcement.StartFailed, report.Detail));
        if (report.IsPassing || reason is StartupReason.CommandNotFound or StartupReason.PermissionDenied)
        {
            WaitForTheMachine(report.Detail);
            return;
        }

        _state = _state with { FailedStarts = _state.FailedStarts + 1 };
        AfterFailedStart(reason, report.Detail);
        if (_state.FailedStarts >= StartFailuresForAlert)
        {
            Fire(AlertKind.StartFailures, $"{_state.FailedStarts} starts in a row failed; the last one: {report.Detail}");
        }
    }

    /// <summary>The machine prevented the start. It is tried again at the longest delay, and counts as no failure of the daemon.</summary>
    private void WaitForTheMachine(string? detail)
    {
        Fire(AlertKind.CannotStart, $"it cannot be started now: {detail}");
        var delay = RestartDelay.Longest(settings.Restart, random);
        Recover(delay, string.Create(CultureInfo.InvariantCulture, $"it cannot be started now, next try in {delay.TotalSeconds:0.###} s: {detail}"));
    }

    private void AfterFailedStart(StartupReason reason, string? detail)
    {
        switch (reason)
        {
            case StartupReason.InvalidConfiguration:
                GiveUp();
                Fire(AlertKind.CannotStart, $"its definition is wrong: {detail}");
                if (settings.Restart.Mode == RestartMode.Always && settings.CanAct)
                {
                    _state = _state with { NextAttemptAt = now + RestartDelay.Longest(settings.Restart, random) };
                }

                break;
            case StartupReason.PortInUse or StartupReason.PortOwnedByOther when settings.CanAct:
                _state = _state with { State = DaemonState.Foreign, NextAttemptAt = now + settings.LookInterval };
                Fire(AlertKind.CannotStart, $"another process owns the port: {detail}");
                break;
            case StartupReason.Cancelled:
                // No request cancelled it, so the supervisor itself is ending.
                _state = _state with { State = DaemonState.Stopped, Wanted = false, HealthLostSince = null };
                break;
            default:
                _state = _state with { ForceNext = reason is StartupReason.LockUnavailable or StartupReason.AlreadyRunning };
                Recover(CountFailure());
                break;
        }
    }

    private void OnStopEnded(MachineEvent.StopEnded ended)
    {
        if (_state.Operation != ended.Operation)
        {
            return;
        }

        _state = _state with { Operation = null };
        if (ended.Report.Verdict is StopVerdict.Failed or StopVerdict.PermissionDenied)
        {
            // A start now would make a second instance. So the stop is tried again until nothing is left.
            var reason = ended.Report.Verdict == StopVerdict.PermissionDenied ? StartupReason.PermissionDenied : StartupReason.LockUnavailable;
            Do(new MachineAction.NoteFailure(reason, Stage: null, $"it could not be stopped: {ended.Report.Detail}", Exit: null));
            _state = _state with { NextAttemptAt = now + RestartDelay.Longest(settings.Restart, random) };
            _reason = $"it could not be stopped: {ended.Report.Detail}";
            return;
        }

        _state = _state with { Instance = null };
        switch (_state.After)
        {
            case AfterStop.Start:
                BeginStart(isRestart: false);
                break;
            case AfterStop.Recover:
                Recover(_state.RecoverDelay);
                break;
            case AfterStop.Restart:
                BeginStart(isRestart: true);
                break;
            default:
                _state = _state with { State = DaemonState.Stopped, NextAttemptAt = null };
                break;
        }
    }

    private void OnLooked(MachineEvent.Looked looked)
    {
        if (_state.Operation != looked.Operation)
        {
            return;
        }

        _state = _state with { Operation = null };
        if (looked.CanStart)
        {
            BeginStart(isRestart: true);
        }
        else
        {
            _state = _state with { NextAttemptAt = now + settings.LookInterval };
        }
    }

    private void EnterRunning(long instance)
    {
        _state = _state with
        {
            State = DaemonState.Running,
            Stage = null,
            WaitingFor = [],
            Instance = instance,
            NextAttemptAt = null,
            VerifiedSince = now,
            ProbeFailures = 0,
            FailedStarts = 0,
            HealthLostSince = null,
        };
        Resolve(AlertKind.StartFailures, "verified");
        Resolve(AlertKind.CannotStart, "verified");
        Resolve(AlertKind.HealthLost, "verified");
    }
}
