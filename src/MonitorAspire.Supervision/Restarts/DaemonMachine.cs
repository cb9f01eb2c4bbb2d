using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>What came of an event.</summary>
/// <param name="State">The state after it.</param>
/// <param name="Actions">What is to be done now, in this order.</param>
internal readonly record struct Transition(MachineState State, IReadOnlyList<MachineAction> Actions);

/// <summary>
/// A daemon over time, as one pure function: (state, event) to (state, actions). It reads no clock, draws no random number
/// and does nothing; whoever calls it carries out the actions and brings back what came of them as events.
/// </summary>
/// <remarks>
/// Two rules make most races harmless. There is one operation at a time, each has a number, and the result of any other than
/// the current one is ignored. And a living instance has a number too, so that the exit of an old one is never taken for that
/// of the new one.
/// </remarks>
internal sealed partial class DaemonMachine
{
    private readonly MachineSettings _settings;
    private readonly TimeSpan _now;
    private readonly double _random;
    private readonly List<MachineAction> _actions = [];
    private MachineState _state;

    private DaemonMachine(MachineState state, MachineSettings settings, TimeSpan now, double random)
    {
        _state = state;
        _settings = settings;
        _now = now;
        _random = random;
    }

    /// <summary>The function.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="machineEvent">What happened.</param>
    /// <param name="settings">What to decide by.</param>
    /// <param name="now">Time since the beginning of the supervisor.</param>
    /// <param name="random">From 0 up to, but not including, 1; for jitter.</param>
    public static Transition Apply(MachineState state, MachineEvent machineEvent, MachineSettings settings, TimeSpan now, double random)
    {
        var step = new DaemonMachine(state, settings, now, random);
        step.On(machineEvent);
        return new Transition(step._state, step._actions);
    }

    /// <summary>When <see cref="MachineEvent.TimerDue"/> is to be sent, or <see langword="null"/> where time alone changes nothing.</summary>
    /// <param name="state">The state.</param>
    /// <param name="settings">What to decide by.</param>
    public static TimeSpan? NextDue(MachineState state, MachineSettings settings)
    {
        TimeSpan? due = null;
        Earlier(state.NextAttemptAt);
        if (state.HealthLostSince is { } lost && !state.Alerts.Contains(AlertKind.HealthLost))
        {
            Earlier(lost + settings.HealthLostAfter);
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
        switch (machineEvent)
        {
            case MachineEvent.StartRequested:
                OnStartRequested();
                break;
            case MachineEvent.StopRequested:
                OnStopRequested();
                break;
            case MachineEvent.RestartRequested:
                OnRestartRequested();
                break;
            case MachineEvent.CrashLoopReset:
                OnCrashLoopReset();
                break;
            case MachineEvent.ConfigurationChanged changed:
                OnConfigurationChanged(changed);
                break;
            case MachineEvent.AdoptedInstance adopted:
                OnAdopted(adopted);
                break;
            case MachineEvent.StageEntered entered:
                OnStageEntered(entered);
                break;
            case MachineEvent.StartEnded ended:
                OnStartEnded(ended);
                break;
            case MachineEvent.StopEnded ended:
                OnStopEnded(ended);
                break;
            case MachineEvent.InstanceExited exited:
                OnInstanceExited(exited);
                break;
            case MachineEvent.Probed probed:
                OnProbed(probed);
                break;
            case MachineEvent.HealthGivenUp givenUp:
                OnHealthGivenUp(givenUp);
                break;
            case MachineEvent.Looked looked:
                OnLooked(looked);
                break;
            case MachineEvent.TimerDue:
                OnTimerDue();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(machineEvent), machineEvent, null);
        }
    }

    private void Do(MachineAction action) => _actions.Add(action);

    private long BeginOperation()
    {
        var operation = _state.LastOperation + 1;
        _state = _state with { LastOperation = operation, Operation = operation };
        return operation;
    }

    private void BeginStart(bool nobodyAsked)
    {
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
            ForceNext = false,
            After = AfterStop.Stay,
            Restarts = nobodyAsked ? _state.Restarts + 1 : _state.Restarts,
        };
        Do(new MachineAction.Start(operation, _state.ConsecutiveFailures + 1, _state.Restarts, force));
    }

    private void BeginStop(AfterStop after)
    {
        var operation = BeginOperation();
        _state = _state with { State = DaemonState.Stopping, Stage = null, NextAttemptAt = null, VerifiedSince = null, ProbeFailures = 0, After = after };
        Do(new MachineAction.Stop(operation));
    }

    /// <summary>The start goes on until its engine says that it has ended; until then nothing else begins.</summary>
    private void GiveUpStart(AfterStop after)
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

    private void ForgetFailures(string resolution)
    {
        _state = _state with { ConsecutiveFailures = 0, RecentFailures = [], CrashLoop = false };
        Resolve(AlertKind.CrashLoop, resolution);
    }

    private static bool HasFailuresToForget(MachineState state) =>
        state.ConsecutiveFailures > 0 || !state.RecentFailures.IsEmpty || state.CrashLoop;
}
