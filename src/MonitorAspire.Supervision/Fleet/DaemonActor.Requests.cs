using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>What callers ask of a daemon.</summary>
internal sealed partial class DaemonActor
{
    /// <summary>Adopts the living instance, or starts one where that is wanted.</summary>
    public void Begin(bool isStarted) => Post(() =>
    {
        _isBegun = true;
        if (!isStarted && !_startsAfterAdoption)
        {
            // A person has stopped it. Its launcher does not launch it by itself.
            _launcher.ExpectLaunch(byOthers: false);
        }

        BeginAdoption(isStarted || _startsAfterAdoption);
        WatchChanges(Spec);
    });

    /// <summary>A daemon that this one depends on has changed.</summary>
    public void LookAtDependencies() => Post(() =>
    {
        if (_state.State != DaemonState.Waiting)
        {
            FollowDependencies();
            return;
        }

        Apply(new MachineEvent.DependenciesChanged());
        if (_state.State == DaemonState.Waiting)
        {
            TellObstacle();

            // What waits for this one waits for the same.
            _parts.Dependencies.OnChanged(this);
        }
    });

    // Callers are told when a daemon that this one waits for is not being started.
    private void TellObstacle()
    {
        if (_answers.AnyStart && _parts.Dependencies.ObstacleOf(Spec) is { } obstacle)
        {
            _answers.FailStarts(new FleetConflictException($"'{Spec.Name}' waits for {obstacle}; it is started as soon as that one is ready"));
        }
    }

    public Task<StartupReport> StartAsync() => AskAsync<StartupReport>(answer =>
    {
        _parts.Stops.Set(Spec.Name, isStopped: false);
        if (_isHeld)
        {
            StartAfterHold(answer);
            return;
        }

        switch (_state.State)
        {
            case DaemonState.Running:
                answer.SetResult(AlreadyRunning());
                break;
            case DaemonState.Unhealthy:
                throw NotHealthy();
            default:
                _launcher.ExpectLaunch(byOthers: false);
                _answers.AddStart(answer, _state.State == DaemonState.Starting ? _state.Operation!.Value : _state.LastOperation + 1);
                Apply(new MachineEvent.StartRequested());
                break;
        }
    });

    /// <summary>Starts the daemon if it does not run, because one that depends on it is started.</summary>
    public void StartForOthers() => Post(() =>
    {
        if (!OwnsProcess)
        {
            return;
        }

        _parts.Stops.Set(Spec.Name, isStopped: false);
        if (_isHeld)
        {
            _startsAfterHold = true;
        }
        else
        {
            Apply(new MachineEvent.StartRequested());
        }
    });

    // Restarts the daemon, where its definition says so, when a daemon that it depends on has another instance than before.
    private void FollowDependencies()
    {
        if (Spec.OnDependencyRestart != DependencyRestart.Restart || !_launcher.CanAct || _parts.IsEnding || _state.State is not (DaemonState.Running or DaemonState.Unhealthy))
        {
            return;
        }

        string? restarted = null;
        foreach (var (name, instance) in _parts.Dependencies.Instances(Spec))
        {
            if (_facts.Needed.TryGetValue(name, out var before) && before != instance)
            {
                restarted = name;
            }
            else
            {
                _facts = _facts with { Needed = _facts.Needed.SetItem(name, instance) };
            }
        }

        if (restarted is not null)
        {
            Apply(new MachineEvent.DependencyRestarted(restarted));
        }
    }

    public bool IsWanted => _state.Wanted;

    /// <summary>Whether an instance lives, which a change would stop.</summary>
    public bool HasInstance => _state.Instance is not null;

    /// <summary>A definition of the configuration that failed its start and was rolled back. It is not tried again until it changes.</summary>
    public DaemonSpec? Rejected { get; private set; }

    /// <summary>Restarts the daemon. An instance that serves is not stopped where the start is known to fail.</summary>
    public async Task<StartupReport> RestartAsync()
    {
        if (HasInstance && _parts.Dependencies.WaitingFor(Spec) is { Count: > 0 } needed)
        {
            throw new FleetConflictException($"'{Spec.Name}' was not restarted, the instance that serves is kept: it would have to wait for {string.Join(", ", needed)}");
        }

        if (HasInstance && await CheckStartAsync(Spec, ImmutableHashSet<int>.Empty, CancellationToken.None).ConfigureAwait(false) is { } refusal)
        {
            LogRefused(_parts.Logger, refusal.Name, $"not restarted, the instance that serves is kept: {refusal.Detail}");
            return refusal;
        }

        return await AskAsync<StartupReport>(answer =>
        {
            _parts.Stops.Set(Spec.Name, isStopped: false);
            if (_isHeld)
            {
                StartAfterHold(answer);
                return;
            }

            _launcher.ExpectLaunch(byOthers: false);
            _answers.AddStart(answer, _state.LastOperation + 1);
            Apply(new MachineEvent.RestartRequested());
        }).ConfigureAwait(false);
    }

    /// <summary>The report of a start that would fail, as far as it can be known while the instance runs.</summary>
    public Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken) =>
        _launcher.CheckStartAsync(spec, freed, cancellationToken);

    public Task<StopReport> StopAsync() => AskAsync<StopReport>(answer =>
    {
        _parts.Stops.Set(Spec.Name, isStopped: true);
        if (_isHeld)
        {
            _startsAfterHold = false;
            _answers.FailStarts(StoppedBeforeStart());
            if (IsAtRest)
            {
                answer.SetResult(NothingToStop());
                return;
            }
        }

        _isStopRequested = true;
        _answers.AddStop(answer);
        Apply(new MachineEvent.StopRequested());
    });

    /// <summary>
    /// Stops the daemon for a change of the configuration. From then on nothing starts it before <see cref="ReconfigureAsync"/>, and what people
    /// ask for meanwhile is done there. A stop that fails ends the hold.
    /// </summary>
    public Task<StopReport> HoldAsync() => AskAsync<StopReport>(answer =>
    {
        (_isHeld, _startsAfterHold) = (true, _state.Wanted || (IsAdopting && _startsAfterAdoption));
        if (IsAtRest && !IsAdopting)
        {
            // Another process may have its port by now.
            answer.SetResult(NothingToStop());
            return;
        }

        _answers.AddStop(answer);
        Apply(new MachineEvent.StopRequested());
    });

    /// <summary>Forgets the failures of a crash loop and tries at once.</summary>
    public Task<DaemonSnapshot> ResetCrashLoopAsync() => AskAsync<DaemonSnapshot>(answer =>
    {
        if (_state.State is DaemonState.Stopped or DaemonState.Failed or DaemonState.Foreign or DaemonState.Waiting)
        {
            var instead = _state.State == DaemonState.Foreign ? $"another process owns port {_snapshot.Port}"
                : _state.State == DaemonState.Waiting ? $"it waits for {string.Join(", ", _state.WaitingFor)}"
                : "it needs a start";
            throw new FleetConflictException($"'{Spec.Name}' is in no crash loop (it is {_state.State}); {instead}");
        }

        Apply(new MachineEvent.CrashLoopReset());
        answer.SetResult(_snapshot);
    });

    /// <summary>A person has launched the daemon with the means of its launcher.</summary>
    public void LaunchedByOthers() => Post(OnLaunchedByOthers);

    /// <summary>The launcher has launched the daemon on a request that was given up.</summary>
    public void LaunchedLate() => Post(OnLaunchedLate);

    /// <summary>A person has asked the daemon's launcher to stop it.</summary>
    public void StoppedByOthers() => Post(OnStoppedByOthers);

    /// <summary>Leaves the daemon as it is, because the configuration has changed: its alerts are resolved, and its supervision ends.</summary>
    public async Task LeaveAsync()
    {
        if (!OwnsProcess)
        {
            // The stop of an own daemon has resolved them.
            Post(() => Apply(new MachineEvent.Left()));
        }

        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Takes a new specification, ends the hold, and starts the daemon if that is asked for. The daemon is stopped, or need not be restarted for it.</summary>
    /// <param name="spec">The new specification.</param>
    /// <param name="rollback">Whether the old specification is started again when this start fails.</param>
    /// <param name="remember">Whether a specification that failed is kept as <see cref="Rejected"/>.</param>
    /// <returns>With a roll-back, the start: its report comes after a roll-back has ended too.</returns>
    public async Task<Task<StartupReport>?> ReconfigureAsync(DaemonSpec spec, bool rollback = false, bool remember = false)
    {
        var done = new TaskCompletionSource(_parts.Continuations);
        DefinitionTrial? trial = null;
        _mailbox.Post(
            () =>
            {
                Rejected = null;
                var start = EndHold();
                if (start && rollback)
                {
                    _trial = trial = new DefinitionTrial(Spec, remember, _parts.Continuations);
                    _answers.AddStart(trial.Ended, _state.LastOperation + 1);
                }

                _settings = SettingsOf(spec);
                WatchChanges(spec);
                if (_parts.ProbeOf(spec).Interval is var interval && interval != _parts.ProbeOf(Spec).Interval)
                {
                    _probes.Change(interval, phase: 1);
                }

                _facts = _facts with { Spec = spec, InstanceSpec = _state.Instance is null ? spec : spec with { Port = _facts.InstanceSpec.Port, PortRangeEnd = null } };
                _snapshot = NewSnapshot();
                Apply(start ? new MachineEvent.StartRequested() : new MachineEvent.ConfigurationChanged());
                done.SetResult();
            },
            done.SetResult);
        await done.Task.ConfigureAwait(false);
        return trial is null ? null : ReportOfAsync(trial);
    }

    private static async Task<StartupReport> ReportOfAsync(DefinitionTrial trial)
    {
        var report = await trial.Ended.Task.ConfigureAwait(false);
        return trial.RollbackEnded is { } rollback ? report with { Rollback = await rollback.Task.ConfigureAwait(false) } : report;
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

    private bool IsAtRest => _state is { State: DaemonState.Stopped, Operation: null };

    // A request that came during the adoption decides in its place.
    private bool IsAdopting => _adopting is not null && _state.LastOperation == 0;

    // The first operation after the hold is the start.
    private void StartAfterHold(TaskCompletionSource<StartupReport> answer)
    {
        _startsAfterHold = true;
        _answers.AddStart(answer, _state.LastOperation + 1);
    }

    /// <summary>Ends the hold, and says whether the daemon is to be started.</summary>
    private bool EndHold()
    {
        var starts = _isHeld && _startsAfterHold;
        (_isHeld, _startsAfterHold) = (false, false);
        return starts;
    }

    private StopReport NothingToStop() => new() { Name = Spec.Name, Port = Spec.Port, Verdict = StopVerdict.NotRunning, Detail = $"'{Spec.Name}' is stopped already" };

    private StartupReport AlreadyRunning() => DaemonPublisher.AlreadyRunning(_snapshot, $"PID {_snapshot.Pid} is verified and runs");

    private FleetConflictException NotHealthy() => new($"'{Spec.Name}' lives as PID {_snapshot.Pid} but is not healthy; a restart replaces it");

    private FleetConflictException StoppedBeforeStart() => new($"'{Spec.Name}' was stopped before it was started");

    [LoggerMessage(113, LogLevel.Error, "{Daemon}: {Problem}")]
    private static partial void LogRefused(ILogger logger, string daemon, string problem);

    private FleetConflictException Ending() => new($"the supervisor is ending; '{Spec.Name}' is no longer looked after");
}
