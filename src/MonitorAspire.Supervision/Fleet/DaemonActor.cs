using System.Threading.Channels;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// One daemon of a fleet. Everything that happens to it comes through one mailbox and is dealt with one after the other, so its
/// state needs no locks; what takes time runs beside it and comes back through the mailbox.
/// </summary>
internal sealed partial class DaemonActor : IAsyncDisposable
{
    private static readonly TimeSpan AttachedEndTime = TimeSpan.FromSeconds(3);

    private readonly FleetParts _parts;
    private readonly Channel<Action> _mailbox = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<long, DaemonInstance> _instances = [];
    private readonly Dictionary<AlertKind, FleetAlert> _alerts = [];
    private readonly List<StartWaiter> _startWaiters = [];
    private readonly List<TaskCompletionSource<StopReport>> _stopWaiters = [];
    private readonly ITimer _timer;
    private readonly ITimer _probeTimer;
    private readonly Task _running;
    private readonly CancellationTokenSource _ended = new();

    private DaemonSpec _spec;
    private DaemonSpec _liveSpec;
    private MachineSettings _settings;
    private MachineState _state = MachineState.Initial;
    private long _lastInstance;
    private bool _launchIsRequested;
    private bool _stoppedByLauncher;
    private IReadOnlyList<string> _launcherLogTail = [];
    private StartupReport? _report;
    private StartupReport? _lastVerified;
    private DaemonFailure? _failure;
    private CancellationTokenSource? _starting;
    private int? _startingPid;
    private bool _adopted;
    private bool _probing;
    private DateTimeOffset? _verifiedAt;
    private IReadOnlyList<CheckResult> _checks = NoChecks;
    private volatile DaemonSnapshot _snapshot;
    private int _handled;

    /// <summary>Makes the actor; nothing happens until it is told to.</summary>
    /// <param name="parts">What the fleet shares.</param>
    /// <param name="spec">The daemon.</param>
    /// <param name="phase">When within the probe interval the daemon is probed, from 0 to 1: neighbours are probed at different times.</param>
    public DaemonActor(FleetParts parts, DaemonSpec spec, double phase)
    {
        _parts = parts;
        _spec = spec;
        _liveSpec = spec;
        _settings = SettingsFor(spec);
        _snapshot = Snapshot();
        _timer = parts.Time.CreateTimer(_ => Post(OnTimer), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _probeTimer = parts.Time.CreateTimer(
            _ => Post(OnProbeTimer), null, parts.Options.ProbeInterval * Math.Clamp(phase, 0, 1), parts.Options.ProbeInterval);
        _running = Task.Run(RunAsync);
    }

    /// <summary>The daemon as it is now.</summary>
    public DaemonSnapshot Current => _snapshot;

    /// <summary>The specification as it is now.</summary>
    public DaemonSpec Spec => _spec;

    /// <summary>Whether anybody can start and stop it.</summary>
    private bool CanAct => _settings.CanAct;

    private bool IsAttached => _spec.Launch == LaunchMode.Attached;

    /// <summary>Ends the actor. The daemon is left as it is; a start that is under way is given up and cleaned up first.</summary>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _probeTimer.DisposeAsync().ConfigureAwait(false);
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            _starting?.Cancel();
            idle.SetResult();
        });
        await Task.WhenAny(idle.Task, _running).ConfigureAwait(false);
        await _ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(Operations()).ConfigureAwait(false);
        _mailbox.Writer.TryComplete();
        await _running.ConfigureAwait(false);
        await ForgetAttachedAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    /// <summary>
    /// Where a whole application ends, its launcher stops daemons and supervisor at once. The files of those that have none of their own
    /// to put away are put away here, if they end within a moment; else they are left and are found stale later.
    /// </summary>
    private async Task ForgetAttachedAsync()
    {
        if (IsAttached && _parts.Controller is not null && _spec.EffectivePidFileWriter == PidFileWriter.Launcher
            && _state.Instance is { } number && _instances.GetValueOrDefault(number) is { } instance)
        {
            await Task.WhenAny(instance.Exited, Task.Delay(AttachedEndTime, _parts.Time)).ConfigureAwait(false);
            _parts.Engine.Forget(instance);
        }
    }

    private MachineSettings SettingsFor(DaemonSpec spec) => new()
    {
        Restart = spec.Restart ?? _parts.Options.Restart,
        ProbeFailures = _parts.Options.ProbeFailures,
        HealthLostAfter = _parts.Options.HealthLostAfter,
        LookInterval = _parts.Options.LookInterval,
        CanAct = spec.Launch == LaunchMode.Supervisor || _parts.Controller is not null,
    };

    private void Post(Action message) => _mailbox.Writer.TryWrite(message);

    private async Task RunAsync()
    {
        await foreach (var message in _mailbox.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                Interlocked.Increment(ref _handled);
                message();
            }
            catch (Exception e)
            {
                // One daemon's surprise must not end its supervision, let alone the fleet's.
                LogUnexpected(_parts.Logger, e, _spec.Name, "a message");
            }
        }

        Abandon(new FleetConflictException($"the supervisor is ending; '{_spec.Name}' is no longer looked after"));
    }

    /// <summary>Takes an event through the machine, shows what came of it, and does what it wants done.</summary>
    private void Apply(MachineEvent machineEvent)
    {
        var before = _state;
        var transition = DaemonMachine.Apply(_state, machineEvent, _settings, _parts.Now, _parts.NextRandom());
        _state = transition.State;
        if (_state.Instance is null && before.Instance is { } gone)
        {
            _instances.Remove(gone);
            _checks = NoChecks;
        }

        foreach (var action in transition.Actions)
        {
            Remember(action);
        }

        _snapshot = Snapshot();
        foreach (var action in transition.Actions)
        {
            Tell(action);
        }

        if (_state.State != before.State || _state.Stage != before.Stage)
        {
            LogState(_parts.Logger, _spec.Name, before.State, _state.State);
            _parts.Events.Add(FleetEventKind.StateChanged, _snapshot);
        }

        if (_state.Restarts > before.Restarts && machineEvent is not MachineEvent.AdoptedInstance)
        {
            SupervisionTelemetry.DaemonRestarts.Add(1, new KeyValuePair<string, object?>(AttributeNames.DaemonName, _spec.Name));
        }

        foreach (var action in transition.Actions)
        {
            CarryOut(action);
        }

        Release();
        Arm();
    }

    /// <summary>What has to be known before the new state is shown.</summary>
    private void Remember(MachineAction action)
    {
        switch (action)
        {
            case MachineAction.NoteFailure note:
                _failure = Failure(note);
                break;
            case MachineAction.FireAlert fire:
                _alerts[fire.Kind] = new FleetAlert
                {
                    Kind = fire.Kind,
                    State = AlertState.Fired,
                    Daemon = _spec.Name,
                    Message = fire.Message,
                    FiredAt = _parts.Time.GetUtcNow(),
                };
                break;
            case MachineAction.Start:
                _startingPid = null;
                _adopted = false;
                _verifiedAt = null;
                _checks = NoChecks;
                break;
        }
    }

    private void Tell(MachineAction action)
    {
        switch (action)
        {
            case MachineAction.Announce announce:
                Tell(announce);
                break;
            case MachineAction.FireAlert fire:
                LogAlertFired(_parts.Logger, fire.Kind, _spec.Name, fire.Message);
                TellAlert(FleetEventKind.AlertFired, _alerts[fire.Kind]);
                break;
            case MachineAction.ResolveAlert resolve when _alerts.Remove(resolve.Kind, out var fired):
                LogAlertResolved(_parts.Logger, resolve.Kind, _spec.Name, resolve.Message);
                TellAlert(
                    FleetEventKind.AlertResolved,
                    fired with { State = AlertState.Resolved, Message = resolve.Message, ResolvedAt = _parts.Time.GetUtcNow() });
                break;
        }
    }

    private void Tell(MachineAction.Announce announce)
    {
        switch (announce.Kind)
        {
            case FleetEventKind.StartVerified when IsAttached:
                // Of what the engine starts, it says so itself.
                LogVerified(_parts.Logger, _spec.Name, _snapshot.Pid, _snapshot.Port, _report?.TotalMs ?? 0);
                break;
            case FleetEventKind.StartFailed when IsAttached:
                LogStartFailed(_parts.Logger, _spec.Name, _report?.Reason, announce.Message);
                break;
            case FleetEventKind.Exited:
                LogExited(_parts.Logger, _spec.Name, _exitedPid, announce.Message);
                break;
            case FleetEventKind.Adopted:
                LogAdopted(_parts.Logger, _spec.Name, _snapshot.Pid, _snapshot.Port, _snapshot.Restarts);
                break;
        }

        var report = announce.Kind is FleetEventKind.StartVerified or FleetEventKind.StartFailed or FleetEventKind.Adopted ? _report : null;
        _parts.Events.Add(announce.Kind, _snapshot, report, announce.Message);
    }

    private void TellAlert(FleetEventKind kind, FleetAlert alert)
    {
        SupervisionTelemetry.Alerts.Add(
            1,
            new KeyValuePair<string, object?>(AttributeNames.DaemonName, _spec.Name),
            new KeyValuePair<string, object?>(AttributeNames.AlertKind, WireNames.Of(alert.Kind)),
            new KeyValuePair<string, object?>(AttributeNames.AlertState, alert.State == AlertState.Fired ? "fired" : "resolved"));
        _parts.Events.Add(kind, _snapshot, message: alert.Message, alert: alert);
        _parts.Webhook?.Enqueue(alert);
    }

    private void CarryOut(MachineAction action)
    {
        switch (action)
        {
            case MachineAction.Start start:
                BeginStart(start);
                break;
            case MachineAction.CancelStart:
                _starting?.Cancel();
                break;
            case MachineAction.Stop stop:
                BeginStop(stop);
                break;
            case MachineAction.Look look:
                BeginLook(look);
                break;
            case MachineAction.RepairFiles:
                RepairFiles();
                break;
            case MachineAction.Then then:
                Apply(then.Event);
                break;
        }
    }

    private void OnTimer()
    {
        // Timers are as fine as milliseconds and may come early.
        if (DaemonMachine.NextDue(_state, _settings) is { } due && due <= _parts.Now)
        {
            Apply(new MachineEvent.TimerDue());
        }
        else
        {
            Arm();
        }
    }

    private void Arm()
    {
        var due = DaemonMachine.NextDue(_state, _settings);
        var wait = due is null ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(0, (due.Value - _parts.Now).TotalMilliseconds)));
        try
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // Ending.
        }
    }

    private DaemonFailure Failure(MachineAction.NoteFailure note)
    {
        var ofStart = note.Stage is not null ? _report : null;
        var log = _snapshot.LogFile ?? new DaemonFiles(_parts.Options.StateDirectory, _liveSpec.Port).LogFile;
        return new DaemonFailure
        {
            Reason = note.Reason,
            Stage = note.Stage,
            Detail = note.Detail,
            ExitCode = note.Exit?.ExitCode ?? ofStart?.ExitCode,
            Signal = note.Exit?.Signal ?? ofStart?.Signal,
            LogTail = ofStart?.LogTail ?? (_launcherLogTail.Count > 0 ? _launcherLogTail : DaemonLog.Tail(log, _parts.Options.LogTailLines)),
            At = _parts.Time.GetUtcNow(),
        };
    }
}
