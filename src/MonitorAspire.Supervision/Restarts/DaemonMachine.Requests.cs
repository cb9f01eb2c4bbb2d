namespace MonitorAspire.Supervision.Restarts;

/// <summary>Requests of people and of the configuration.</summary>
internal sealed partial class DaemonMachine
{
    private void OnStartRequested()
    {
        _state = _state with { Wanted = true };
        switch (_state.State)
        {
            case DaemonState.Starting or DaemonState.Running or DaemonState.Unhealthy:
                break;
            case DaemonState.Stopping:
                // The stop goes on first, so that there are never two instances at once.
                _state = _state with { After = AfterStop.Start };
                break;
            default:
                ForgetFailures("a start was asked for");
                BeginStart(isRestart: false);
                break;
        }
    }

    private void OnStopRequested()
    {
        _state = _state with { Wanted = false, HealthLostSince = null };
        ForgetFailures("stopped on request");
        ResolveAll("stopped on request");
        switch (_state.State)
        {
            case DaemonState.Starting:
                CancelStart(AfterStop.Stay);
                break;
            case DaemonState.Stopping:
                _state = _state with { After = AfterStop.Stay };
                break;
            default:
                // Also where no instance is known: the engine proves that there is none, and stops one that a person has started by hand.
                BeginStop(AfterStop.Stay);
                break;
        }
    }

    private void OnRestartRequested()
    {
        _state = _state with { Wanted = true };
        if (_state.State == DaemonState.Stopping)
        {
            _state = _state with { After = AfterStop.Start };
            return;
        }

        ForgetFailures("a restart was asked for");
        switch (_state.State)
        {
            case DaemonState.Starting:
                CancelStart(AfterStop.Start);
                break;
            case DaemonState.Running or DaemonState.Unhealthy:
                BeginStop(AfterStop.Start);
                break;
            default:
                BeginStart(isRestart: false);
                break;
        }
    }

    private void OnCrashLoopReset()
    {
        ForgetFailures("a person reset it");
        if (_state is { Wanted: true, State: DaemonState.Backoff or DaemonState.CrashLooping })
        {
            BeginStart(isRestart: false);
        }
        else if (_state is { State: DaemonState.Stopping, After: AfterStop.Recover })
        {
            _state = _state with { RecoverDelay = TimeSpan.Zero };
        }
    }

    private void OnConfigurationChanged()
    {
        OnDependenciesChanged();
        if (_state.Wanted && _state.State is DaemonState.Failed or DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Foreign)
        {
            // The change may have fixed the cause.
            OnStartRequested();
        }
    }
}
