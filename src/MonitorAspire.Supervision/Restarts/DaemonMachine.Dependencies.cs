namespace MonitorAspire.Supervision.Restarts;

/// <summary>Waiting for other daemons, and restarts because of them.</summary>
internal sealed partial class DaemonMachine
{
    private void WaitForOthers(bool isRestart)
    {
        _state = _state with
        {
            State = DaemonState.Waiting,
            WaitingFor = [.. settings.WaitingFor],
            IsRestartWaiting = isRestart,
            Stage = null,
            Instance = null,
            NextAttemptAt = null,
            VerifiedSince = null,
            ProbeFailures = 0,
            After = AfterStop.Stay,
        };
        _reason = $"waits for {string.Join(", ", settings.WaitingFor)}";
    }

    private void OnDependenciesChanged()
    {
        if (_state.State != DaemonState.Waiting)
        {
            return;
        }

        if (settings.WaitingFor.Count == 0)
        {
            BeginStart(_state.IsRestartWaiting);
        }
        else if (!_state.WaitingFor.SequenceEqual(settings.WaitingFor, StringComparer.Ordinal))
        {
            WaitForOthers(_state.IsRestartWaiting);
        }
    }

    private void OnDependencyRestarted(MachineEvent.DependencyRestarted restarted)
    {
        if (_state.State is DaemonState.Running or DaemonState.Unhealthy)
        {
            BeginStop(AfterStop.Restart);
            _reason = $"restarted, because '{restarted.Name}', which it depends on, was restarted";
        }
    }
}
