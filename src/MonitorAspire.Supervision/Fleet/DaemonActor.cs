using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// One daemon of a fleet: sends what happens to it through the state machine, shows the result and carries out the actions. All of that
/// runs in its mailbox; what takes time runs as background work and posts its result to the mailbox.
/// </summary>
internal sealed partial class DaemonActor : IAsyncDisposable
{
    private readonly FleetParts _parts;
    private readonly ILauncher _launcher;
    private readonly Mailbox _mailbox;
    private readonly PendingAnswers _answers = new();
    private readonly DaemonPublisher _publisher;
    private readonly ITimer _timer;
    private readonly ProbeSchedule _probes;

    private MachineSettings _settings;
    private volatile MachineState _state = MachineState.Initial;
    private volatile DaemonFacts _facts;
    private volatile DaemonSnapshot _snapshot;
    private long _lastInstance;
    private CancellationTokenSource? _starting;
    private string? _lastRotation;
    private CancellationTokenSource? _adopting;
    private bool _startsAfterAdoption;
    private bool _isBegun;
    private bool _isStopRequested;
    private bool _stopsAgain;
    private bool _isHeld;
    private bool _startsAfterHold;
    private DefinitionTrial? _trial;
    private ChangeWatch? _changes;
    private string? _pendingChange;

    /// <summary>Makes the actor, which does nothing before <see cref="Begin"/>. The phase is that of its <see cref="ProbeSchedule"/>.</summary>
    public DaemonActor(FleetParts parts, DaemonSpec spec, double phase)
    {
        _parts = parts;
        _facts = new DaemonFacts(spec);
        _launcher = parts.LauncherOf(spec);
        _settings = SettingsOf(spec);
        _snapshot = NewSnapshot();
        _publisher = new DaemonPublisher(parts);
        _mailbox = new Mailbox(parts.Schedule, (e, what) => LogUnexpected(parts.Logger, e, Spec.Name, what), parts.RunHere, parts.Continuations);
        _timer = parts.Time.CreateTimer(_ => _mailbox.PostHere(OnTimer), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _probes = new ProbeSchedule(parts.ProbeTime, parts.ProbeOf(spec).Interval, phase, () => _mailbox.PostHere(OnProbeDue));
    }

    public DaemonSnapshot Current => _snapshot;

    public DaemonSpec Spec => _facts.Spec;

    /// <summary>The verified instance that runs, or <see langword="null"/>.</summary>
    public ProcessIdentity? RunningInstance => _state.State == DaemonState.Running ? _facts.Instance?.First : null;

    /// <summary>Whether this supervisor launches the process, and stops it when the daemon or the supervisor ends.</summary>
    public bool OwnsProcess => _launcher.OwnsProcess;

    /// <summary>Ends the supervision and leaves the daemon as it is. A start that is under way is given up and cleaned up first.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        _probes.Dispose();
        _changes?.Dispose();
        _parts.OwnTrouble.Report(Spec.Name, trouble: null);
        await _mailbox.EndAsync().ConfigureAwait(false);
        _adopting?.Dispose();
        _answers.FailAll(Ending());
        if (_facts.Process(_state.Instance) is { } instance)
        {
            await _launcher.LeaveAsync(Spec, instance).ConfigureAwait(false);
        }

        _mailbox.Dispose();
    }

    private MachineSettings SettingsOf(DaemonSpec spec) => new()
    {
        Restart = spec.Restart ?? _parts.Options.Restart,
        Probe = _parts.ProbeOf(spec),
        LookInterval = _parts.Options.LookInterval,
        MemoryLimitBytes = spec.MemoryLimitBytes,
        CanAct = _launcher.CanAct,
    };

    private DaemonSnapshot NewSnapshot() => _facts.ToSnapshot(_state, _parts.Options.StateDirectory, _parts.Time.GetUtcNow(), _parts.Now);

    private void Post(Action message) => _mailbox.Post(message);

    // The last output is that of a process whose launcher has it, and not a log file.
    private void Apply(MachineEvent machineEvent, IReadOnlyList<string>? lastOutput = null)
    {
        var shown = _snapshot;
        var settings = Spec.DependsOn.Count == 0 ? _settings : _settings with { WaitingFor = _parts.Dependencies.WaitingFor(Spec) };
        var transition = DaemonMachine.Apply(_state, machineEvent, settings, _parts.Now, _parts.NextRandom());
        _state = transition.State;
        UpdateFacts(transition, lastOutput);
        _snapshot = NewSnapshot();
        _publisher.Publish(transition, shown, _snapshot, _facts.LastStart);
        if (_state.Operation is not null)
        {
            // The operation finds the instance by itself. A look at the same time would only judge a daemon that is being stopped.
            _adopting?.Cancel();
        }

        foreach (var action in transition.Actions)
        {
            CarryOut(action);
        }

        if (IsAtRest && _answers.AnyStart && !_isHeld)
        {
            _answers.FailStarts(StoppedBeforeStart());
        }

        if (shown.State == DaemonState.Stopping && _state.State == DaemonState.Waiting)
        {
            // The other daemon was stopped during the stop of this one, and may not change any more.
            TellObstacle();
        }

        SetTimer();
        if (shown.State != _snapshot.State || shown.Pid != _snapshot.Pid)
        {
            _parts.Dependencies.OnChanged(this);
            FollowDependencies();
            FollowChanges();
        }
    }

    private void UpdateFacts(Transition transition, IReadOnlyList<string>? lastOutput)
    {
        foreach (var action in transition.Actions)
        {
            _facts = action switch
            {
                MachineAction.NoteFailure note => _facts with { LastFailure = Failure(note, lastOutput) },
                MachineAction.Start => _facts with { StartingPid = null, InstanceSpec = Spec, Needed = _parts.Dependencies.Instances(Spec) },
                _ => _facts,
            };
        }

        if (transition.State.Instance is null)
        {
            _facts = _facts with { Instance = null, Checks = DaemonChecks.NotMade };
        }
    }

    private DaemonFailure Failure(MachineAction.NoteFailure note, IReadOnlyList<string>? lastOutput)
    {
        var start = note.Stage is null ? null : _facts.LastStart;
        return new DaemonFailure
        {
            Reason = note.Reason,
            Stage = note.Stage,
            Detail = note.Detail,
            ExitCode = note.Exit?.ExitCode ?? start?.ExitCode,
            Signal = note.Exit?.Signal ?? start?.Signal,
            HealthAnswer = start is not null ? start.HealthAnswer
                : note.Reason is StartupReason.HealthStatus or StartupReason.HealthUnreachable or StartupReason.HealthIdentityMismatch
                ? _facts.Checks.FirstOrDefault(check => check.Name == CheckName.Health)?.Answer
                : null,
            LogTail = start?.LogTail ?? Secrets.Of(Spec).HideIn(lastOutput is { Count: > 0 } ? lastOutput : DaemonLog.Tail(_snapshot.LogFile!)),
            At = _parts.Time.GetUtcNow(),
        };
    }

    private void CarryOut(MachineAction action)
    {
        Action? carryOut = action switch
        {
            MachineAction.Start start => () => BeginStart(start),
            MachineAction.CancelStart => () => _starting?.Cancel(),
            MachineAction.Stop stop => () => BeginStop(stop),
            MachineAction.Look look => () => BeginLook(look),
            MachineAction.RepairFiles => RepairFiles,
            MachineAction.ProbeAgain => _probes.LookAgain,
            MachineAction.Then then => () => Apply(then.Event),
            _ => null,
        };
        carryOut?.Invoke();
    }

    private void OnTimer()
    {
        // Timers are as exact as milliseconds and may come early.
        if (DaemonMachine.NextDue(_state, _settings) is { } due && due <= _parts.Now)
        {
            Apply(new MachineEvent.TimerDue());
        }
        else
        {
            SetTimer();
        }
    }

    private void SetTimer()
    {
        var due = DaemonMachine.NextDue(_state, _settings);
        var wait = due is null ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, (due.Value - _parts.Now).TotalMilliseconds)));
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
