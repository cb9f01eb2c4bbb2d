namespace MonitorAspire.Supervision.Restarts;

/// <summary>
/// The result of an event: the actions, in this order, and why the state changed (<see langword="null"/> for what is normal). It is repeated
/// where an earlier result said the same: a second failed probe.
/// </summary>
internal readonly record struct Transition(MachineState State, IReadOnlyList<MachineAction> Actions, string? Reason, bool IsRepeated = false);

/// <summary>
/// The states of a daemon over time as one pure function: (state, event) to (state, actions). It reads no clock, draws no random number
/// and has no effects. The caller carries out the actions and sends their results back as events.
/// </summary>
/// <remarks>
/// Two rules make most races harmless. There is one operation at a time, every operation has a number, and results of other operations are
/// ignored. Every instance has a number too, so that the exit of an old instance is never taken for that of the new one.
/// </remarks>
internal sealed partial class DaemonMachine(MachineState state, MachineSettings settings, TimeSpan now, double random)
{
    private const int StartFailuresForAlert = 3;

    private readonly List<MachineAction> _actions = [];
    private MachineState _state = state;
    private string? _reason;
    private bool _isRepeated;

    /// <summary>Applies an event. The time is counted from the start of the supervisor; the random number, from 0 up to 1, is for jitter.</summary>
    public static Transition Apply(MachineState state, MachineEvent machineEvent, MachineSettings settings, TimeSpan now, double random)
    {
        var step = new DaemonMachine(state, settings, now, random);
        step.On(machineEvent);
        return new Transition(step._state, step._actions, step._reason, step._isRepeated);
    }

    /// <summary>When <see cref="MachineEvent.TimerDue"/> is to be sent; <see langword="null"/> where time alone changes nothing.</summary>
    public static TimeSpan? NextDue(MachineState state, MachineSettings settings)
    {
        TimeSpan? due = null;
        Earlier(state.NextAttemptAt);
        if (state.HealthLostSince is { } lost && !state.Alerts.Contains(AlertKind.HealthLost))
        {
            Earlier(lost + settings.Probe.HealthLostAfter);
        }

        if (state is { State: DaemonState.Running, VerifiedSince: { } verified } && HasFailuresToForget(state))
        {
            Earlier(verified + settings.Restart.ResetAfter);
        }

        return due;

        void Earlier(TimeSpan? at) => due = at is null || due < at ? due : at;
    }

    private void On(MachineEvent machineEvent)
    {
        Action handle = machineEvent switch
        {
            MachineEvent.StartRequested => OnStartRequested,
            MachineEvent.StopRequested => OnStopRequested,
            MachineEvent.RestartRequested => OnRestartRequested,
            MachineEvent.CrashLoopReset => OnCrashLoopReset,
            MachineEvent.TimerDue => OnTimerDue,
            MachineEvent.ConfigurationChanged => OnConfigurationChanged,
            MachineEvent.DependenciesChanged => OnDependenciesChanged,
            MachineEvent.DependencyRestarted restarted => () => OnDependencyRestarted(restarted),
            MachineEvent.AdoptedInstance adopted => () => OnAdopted(adopted),
            MachineEvent.StageEntered entered => () => OnStageEntered(entered),
            MachineEvent.StartEnded ended => () => OnStartEnded(ended),
            MachineEvent.StopEnded ended => () => OnStopEnded(ended),
            MachineEvent.InstanceExited exited => () => OnInstanceExited(exited),
            MachineEvent.Probed probed => () => OnProbed(probed),
            MachineEvent.HealthGivenUp givenUp => () => OnHealthGivenUp(givenUp),
            MachineEvent.FilesChanged changed => () => OnFilesChanged(changed),
            MachineEvent.Left => () => ResolveAll("it is no longer supervised"),
            MachineEvent.Looked looked => () => OnLooked(looked),
            _ => throw new ArgumentOutOfRangeException(nameof(machineEvent), machineEvent, null),
        };
        handle();
    }

    private void Do(MachineAction action) => _actions.Add(action);

    private long BeginOperation()
    {
        var operation = _state.LastOperation + 1;
        _state = _state with { LastOperation = operation, Operation = operation };
        return operation;
    }

    private void BeginStart(bool isRestart)
    {
        if (settings.WaitingFor.Count > 0)
        {
            WaitForOthers(isRestart);
            return;
        }

        var operation = BeginOperation();
        var force = _state.ForceNext;
        _state = _state with
        {
            State = DaemonState.Starting,
            Stage = null,
            Instance = null,
            NextAttemptAt = null,
            VerifiedSince = null,
            ProbeFailures = 0,
            MemoryExcesses = 0,
            ForceNext = false,
            WaitingFor = [],
            After = AfterStop.Stay,
            Restarts = isRestart ? _state.Restarts + 1 : _state.Restarts,
        };
        _reason = isRestart ? $"restart {_state.Restarts}" : null;
        Do(new MachineAction.Start(operation, _state.ConsecutiveFailures + 1, _state.Restarts, isRestart, force));
    }

    private void BeginStop(AfterStop after)
    {
        var operation = BeginOperation();
        _state = _state with { State = DaemonState.Stopping, Stage = null, NextAttemptAt = null, VerifiedSince = null, ProbeFailures = 0, WaitingFor = [], After = after };
        Do(new MachineAction.Stop(operation));
    }

    /// <summary>Cancels the start. Nothing else begins before the engine has reported its end.</summary>
    private void CancelStart(AfterStop after)
    {
        Do(new MachineAction.CancelStart(_state.Operation!.Value));
        _state = _state with { State = DaemonState.Stopping, Stage = null, After = after };
    }

    private void Fire(AlertKind kind, string message)
    {
        if (!_state.Alerts.Contains(kind))
        {
            _state = _state with { Alerts = _state.Alerts.Add(kind) };
            Do(new MachineAction.FireAlert(kind, message));
        }
    }

    private void Resolve(AlertKind kind, string message)
    {
        if (_state.Alerts.Contains(kind))
        {
            _state = _state with { Alerts = _state.Alerts.Remove(kind) };
            Do(new MachineAction.ResolveAlert(kind, message));
        }
    }

    private void ResolveAll(string message)
    {
        foreach (var alert in _state.Alerts)
        {
            Resolve(alert, message);
        }
    }

    private void ForgetFailures(string resolution)
    {
        _state = _state with { ConsecutiveFailures = 0, RecentFailures = [], CrashLoop = false };
        Resolve(AlertKind.CrashLoop, resolution);
    }

    private static bool HasFailuresToForget(MachineState state) =>
        state.ConsecutiveFailures > 0 || !state.RecentFailures.IsEmpty || state.CrashLoop;
}
