using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What callers ask of a daemon.</summary>
internal sealed partial class DaemonActor
{
    /// <summary>Adopts the living instance, or starts one.</summary>
    public void Begin() => Post(BeginAdoption);

    public bool IsWanted => _state.Wanted;

    public Task<StartupReport> StartAsync() => AskAsync<StartupReport>(answer =>
    {
        if (_isStoppedForChange)
        {
            // The new specification comes first, and its start is the answer.
            _answers.AddStart(answer, _state.LastOperation + 1);
            return;
        }

        switch (_state.State)
        {
            case DaemonState.Running:
                answer.SetResult(DaemonPublisher.AlreadyRunning(_snapshot, $"PID {_snapshot.Pid} is verified and runs"));
                break;
            case DaemonState.Unhealthy:
                throw new FleetConflictException($"'{Spec.Name}' lives as PID {_snapshot.Pid} but is not healthy; a restart replaces it");
            default:
                _answers.AddStart(answer, _state.State == DaemonState.Starting ? _state.Operation!.Value : _state.LastOperation + 1);
                Apply(new MachineEvent.StartRequested());
                break;
        }
    });

    public Task<StartupReport> RestartAsync() => AskAsync<StartupReport>(answer =>
    {
        _answers.AddStart(answer, _state.LastOperation + 1);
        if (!_isStoppedForChange)
        {
            Apply(new MachineEvent.RestartRequested());
        }
    });

    public Task<StopReport> StopAsync() => StopAsync(forChange: false);

    /// <summary>Stops a daemon that is to run, and that <see cref="ReconfigureAsync"/> starts again unless a person stops it meanwhile.</summary>
    public Task<StopReport> StopForChangeAsync() => StopAsync(forChange: true);

    private Task<StopReport> StopAsync(bool forChange) => AskAsync<StopReport>(answer =>
    {
        _isStoppedForChange = forChange && _state.Wanted;
        _answers.AddStop(answer);
        Apply(new MachineEvent.StopRequested());
    });

    /// <summary>Forgets the failures of a crash loop and tries at once.</summary>
    public Task<DaemonSnapshot> ResetCrashLoopAsync() => AskAsync<DaemonSnapshot>(answer =>
    {
        if (_state.State is DaemonState.Stopped or DaemonState.Failed or DaemonState.Foreign)
        {
            var instead = _state.State == DaemonState.Foreign ? $"port {_snapshot.Port} is somebody else's" : "it needs a start";
            throw new FleetConflictException($"'{Spec.Name}' is in no crash loop (it is {_state.State}); {instead}");
        }

        Apply(new MachineEvent.CrashLoopReset());
        answer.SetResult(_snapshot);
    });

    /// <summary>A person has launched the daemon with the means of its launcher.</summary>
    public void LaunchedByOthers() => Post(OnLaunchedByOthers);

    /// <summary>Takes a new specification, and starts the daemon if it was stopped for that. The daemon is stopped, or need not be restarted for it.</summary>
    public Task ReconfigureAsync(DaemonSpec spec)
    {
        var done = new TaskCompletionSource(_parts.Continuations);
        _mailbox.Post(
            () =>
            {
                _settings = SettingsOf(spec);
                if (_parts.ProbeOf(spec).Interval is var interval && interval != _parts.ProbeOf(Spec).Interval)
                {
                    _probes.Change(interval, phase: 1);
                }

                _facts = _facts with { Spec = spec, InstanceSpec = _state.Instance is null ? spec : spec with { Port = _facts.InstanceSpec.Port, PortRangeEnd = null } };
                _snapshot = NewSnapshot();
                var start = _isStoppedForChange;
                _isStoppedForChange = false;
                Apply(start ? new MachineEvent.StartRequested() : new MachineEvent.ConfigurationChanged());
                done.SetResult();
            },
            done.SetResult);
        return done.Task;
    }

    /// <summary>Uses the fleet's new options from now on, with a phase where the probe interval changed. The daemon is not touched.</summary>
    public void UseOptions(double? phase) => Post(() =>
    {
        _settings = SettingsOf(Spec);
        if (phase is { } share)
        {
            _probes.Change(_parts.ProbeOf(Spec).Interval, share);
        }

        SetTimer();
    });

    private Task<T> AskAsync<T>(Action<TaskCompletionSource<T>> request)
    {
        var answer = new TaskCompletionSource<T>(_parts.Continuations);
        _mailbox.Post(
            () =>
            {
                if (!_launcher.CanAct)
                {
                    answer.SetException(new FleetConflictException($"'{Spec.Name}' was launched by somebody else; this supervisor watches it and cannot start or stop it"));
                    return;
                }

                try
                {
                    request(answer);
                }
                catch (Exception e)
                {
                    answer.TrySetException(e);
                }
            },
            () => answer.SetException(Ending()));
        return answer.Task;
    }

    private FleetConflictException Ending() => new($"the supervisor is ending; '{Spec.Name}' is no longer looked after");
}
