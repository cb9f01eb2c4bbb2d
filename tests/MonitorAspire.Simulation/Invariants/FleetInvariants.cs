using MonitorAspire.Simulation.Engine;
using MonitorAspire.Simulation.Scenarios;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Simulation.Invariants;

/// <summary>What must hold after every step. It knows the truth of the system, and shares no code with the fleet.</summary>
internal sealed class FleetInvariants(Scenario scenario, SimulatedSystem system, FleetOptions options, Action<string, string> violate) : IEngineObserver
{
    private const string Stop = "a stop";

    private readonly Dictionary<string, DaemonTruth> _daemons = [];
    private EventChecker _events = new();
    private IReadOnlyList<DaemonSpec> _before = [];
    private TimeSpan _obstacleAt;
    private TimeSpan _begunAt;
    private bool _ending;
    private bool _endStops;
    private bool _endsInOrder;
    private readonly Dictionary<int, TimeSpan> _unownedSince = [];
    private long _requests;
    private int _reloads;

    /// <summary>What holds for attached daemons; <see langword="null"/> where there are none.</summary>
    public AttachedInvariants? Attached { get; set; }

    /// <summary>A launcher may not be connected, not answer, take a request without doing anything, and do the same with the stop that follows.</summary>
    private static readonly TimeSpan LauncherTime = TimeSpan.FromMinutes(4);

    /// <summary>Messages that come late make everything late: an operation is a chain of some twenty messages at most.</summary>
    private TimeSpan Slack => (system.Scheduler.LongestLateness * 40) + TimeSpan.FromSeconds(2);

    /// <summary>The longest time until a message that comes late is carried out.</summary>
    public TimeSpan MessageTime => (system.Scheduler.LongestLateness * 4) + TimeSpan.FromMilliseconds(100);

    private TimeSpan ProbeTime => (scenario.ProbeInterval * 2) + (scenario.ProbeTimeout * 6) + Slack;

    private TimeSpan StopTime => options.StopGracePeriod + TimeSpan.FromSeconds(9);

    /// <summary>The longest time of a start, its clean-up and the stop before it, and of retries of that stop.</summary>
    public TimeSpan OperationTime => options.StartTimeout + (StopTime * 3) + options.Restart.MaxDelay + Slack + (Attached is null ? TimeSpan.Zero : LauncherTime);

    /// <summary>The longest time until the answer to a request, which may have to wait for all that the daemon depends on.</summary>
    public TimeSpan AnswerTime => ((OperationTime * 2) + UnhealthyTime) * scenario.Specs.Count;

    /// <summary>The longest time until an unhealthy daemon is given up.</summary>
    private TimeSpan UnhealthyTime => ((scenario.ProbeInterval + (scenario.ProbeTimeout * 4)) * (options.Probe.Failures + 2)) + Slack;

    private TimeSpan Now => system.Scheduler.Now;

    public DaemonTruth this[string name] => _daemons.TryGetValue(name, out var truth) ? truth : _daemons[name] = new DaemonTruth();

    /// <summary>The daemons as they are configured.</summary>
    public IReadOnlyList<DaemonSpec> Specs { get; private set; } = [];

    public IReadOnlyList<string> OpenAlerts => _events.OpenAlerts;

    /// <summary>A new supervisor begins: what the one before it was asked for in memory is gone, apart from a stop that was answered.</summary>
    public void BeginSupervisor(IReadOnlyList<DaemonSpec> specs)
    {
        _events = new EventChecker();
        _begunAt = Now;
        _ending = false;
        foreach (var truth in _daemons.Values)
        {
            truth.Failures.Clear();

            // A request that has no answer may be lost. What was answered is kept on the disk.
            truth.IsStopUncertain |= truth.PendingRequests > 0 || (truth.IsStopAsked && !truth.IsStopDone);
            truth.Asked.Clear();
            (truth.IsStopKept, truth.IsReloading, truth.Operation, truth.StopCauseAt) = (truth.IsStopDone, false, null, null);
            (truth.FalseRunningSince, truth.FalseUnhealthySince, truth.FalseForeignSince, truth.ForgottenSince) = (null, null, null, null);
            (truth.Shown, truth.ShownSince, truth.Restarts, truth.StopCauses, truth.PendingRequests) = (default, Now, 0, 0, 0);
            (truth.WaitsForNothingSince, truth.LivesStoppedSince, truth.RunningAt, truth.ProcessAt, truth.MayStartSince, truth.MustStartSince, truth.Rejected) = (null, null, null, null, null, null, null);
        }

        _unownedSince.Clear();
        _reloads = 0;
        Attached?.BeginSupervisor();
        Configure(specs);
    }

    /// <summary>The supervisor begins to end. The order of the stops is checked where the fleet has the configuration that it was given.</summary>
    public void EndSupervisor(bool stops, bool isAsConfigured) =>
        (_ending, _endStops, _endsInOrder) = (true, stops, stops && isAsConfigured && _daemons.Values.All(t => t.Rejected is null));

    /// <summary>The fleet gets a configuration.</summary>
    public void Configure(IReadOnlyList<DaemonSpec> specs)
    {
        _before = Specs;
        Specs = specs;
        foreach (var spec in specs)
        {
            var old = _before.FirstOrDefault(s => s.Name == spec.Name);
            this[spec.Name].MayStartSince = old is null ? null : this[spec.Name].MayStartSince;
            this[spec.Name].MustStartSince = old is null ? null : this[spec.Name].MustStartSince;
            this[spec.Name].Rejected = old is null || SpecComparison.Compare(old, spec) != SpecDifference.None ? null : this[spec.Name].Rejected;
        }

        foreach (var spec in specs)
        {
            if (spec.AutoStart && !this[spec.Name].IsStopAsked)
            {
                AllowStart(spec.Name, isRequest: false);
            }
        }
    }

    /// <summary>A definition did not start, and the one before it takes its place.</summary>
    public void OnRolledBack(DaemonSpec spec) => this[spec.Name].Rejected = ArgumentsOf(spec);

    /// <summary>Notes a request and numbers it.</summary>
    public long OnRequest(string name, FaultKind kind)
    {
        var truth = this[name];
        _requests++;
        truth.Failures.Clear();
        if (kind != FaultKind.AskReset)
        {
            truth.Asked.Add((_requests, kind, Now));
            truth.IsStopDone &= truth.IsStopAsked;
            truth.LastStart = truth.IsStopAsked ? truth.LastStart : _requests;
        }

        if (kind is FaultKind.AskStart or FaultKind.AskRestart)
        {
            Attached?.OnStartRequested(name);
            AllowStart(name, isRequest: true);
        }

        if (kind is FaultKind.AskStop or FaultKind.AskRestart)
        {
            truth.StopCauses++;
        }

        return _requests;
    }

    /// <summary>A configuration adds a daemon that starts with the fleet. What it depends on is started as well, unless a person has stopped it, which may be uncertain.</summary>
    public void OnAdded(string name)
    {
        OnRequest(name, FaultKind.AskStart);
        OnKept(name, Now, [.. TouchedBy(name, FaultKind.AskStart).Where(needed => this[needed].IsStopUncertain)]);
    }

    /// <summary>The daemons that a request is for: a start is also for all that the daemon depends on.</summary>
    public IReadOnlyList<string> TouchedBy(string name, FaultKind kind) =>
        [name, .. kind is FaultKind.AskStart or FaultKind.AskRestart ? NeededBy(name).SelectMany(needed => TouchedBy(needed, kind)) : []];

    public void OnRequestBegins(IReadOnlyList<string> touched)
    {
        foreach (var name in touched)
        {
            this[name].PendingRequests++;
            this[name].Failures.Clear();
        }
    }

    public void OnRequestEnded(string name, FaultKind kind, IReadOnlyList<string> touched)
    {
        this[name].StopCauses -= kind is FaultKind.AskStop or FaultKind.AskRestart ? 1 : 0;
        foreach (var other in touched)
        {
            this[other].PendingRequests--;
            this[other].Failures.Clear();
        }
    }

    /// <summary>A reload changes the daemon, which stops its instance.</summary>
    public void OnReload(string name)
    {
        var truth = this[name];
        (truth.StopCauseAt, truth.IsReloading) = (Now, true);
        truth.Failures.Clear();
    }

    /// <summary>A change of the configuration begins.</summary>
    public void OnReloadBegins() => _reloads++;

    public void OnReloaded(IReadOnlyList<string> touched)
    {
        _reloads--;
        OnRequestEnded("", FaultKind.Reload, touched);
        foreach (var truth in _daemons.Values.Where(t => t.IsReloading))
        {
            truth.IsReloading = false;
            truth.Failures.Clear();
        }
    }

    public void OnStopAnswered(string name, long number, StopReport report)
    {
        if (report.Verdict is not (StopVerdict.Stopped or StopVerdict.NotRunning))
        {
            return;
        }

        // A reload may give the port to another daemon meanwhile. The launcher of an attached daemon may start the next one at once.
        if (!IsAttached(name) && _daemons.Values.All(t => !t.IsReloading) && system.AliveOf(report.Port).FirstOrDefault() is { } left)
        {
            violate("stop-left-something", $"the stop of {name} says {report.Verdict}, but {left} lives");
        }

        this[name].IsStopDone = number > this[name].LastStart;
    }

    /// <summary>A start or restart that was refused leaves what was asked before as it was.</summary>
    public void OnRefused(string name, long number, IReadOnlyList<string> touched)
    {
        this[name].Asked.RemoveAll(asked => asked.Number == number);
        OnKept(name, Now, touched);
    }

    /// <summary>The supervisor ends. Whether it still saves that an earlier stop does not count any more is uncertain.</summary>
    public void OnTooLate(IReadOnlyList<string> touched)
    {
        foreach (var name in touched)
        {
            this[name].IsStopUncertain = true;
        }
    }

    /// <summary>The instance that serves is kept, and what it depends on is not started for it.</summary>
    public void OnKept(string name, TimeSpan askedAt, IReadOnlyList<string> touched)
    {
        foreach (var needed in touched.Where(t => t != name && this[t].MustStartSince == askedAt))
        {
            this[needed].MustStartSince = null;
        }
    }

    public void OnStartAnswered(string name, long number, StartupReport report)
    {
        this[name].Failures.Clear();

        if (report.Detail == SimulatedEngine.Refusal)
        {
            OnRefused(name, number, []);
        }

        if (report.Verdict == StartupVerdict.Verified && report.Pid is null)
        {
            violate("verified-without-pid", $"the report of {name} names no PID");
        }
    }

    public void OnStart(DaemonSpec spec, StartOptions startOptions)
    {
        var truth = this[spec.Name];
        truth.IsStopUncertain = false;
        system.Say($"start {spec.Name} attempt {startOptions.Attempt} restarts {startOptions.RestartCount} force {startOptions.Force}");
        CheckDelay(spec.Name);
        CheckOrder(spec, truth);
        if (startOptions.RestartCount < truth.Restarts)
        {
            violate("restarts-lost", $"{spec.Name} has {startOptions.RestartCount} restarts after {truth.Restarts}");
        }
    }

    /// <summary>A start begins. A stop that is done is not undone, and the restart policy holds.</summary>
    public void CheckDelay(string name)
    {
        var truth = this[name];
        if (truth.IsStopDone)
        {
            violate("stop-undone", $"{name} is started, although its stop was reported as done and no start was asked for");
        }

        if (truth.PendingRequests == 0 && truth.Failures.Count > 0 && EarliestStart(truth.Failures) is var earliest && Now < earliest - TimeSpan.FromMilliseconds(1))
        {
            violate("restarted-too-fast", $"{name} is started at {Now}, and not before {earliest} after {truth.Failures.Count} failures");
        }
    }

    /// <summary>A person has stopped the daemon with its own launcher.</summary>
    public void OnStoppedThere(string name)
    {
        this[name].Failures.Clear();
        this[name].Asked.Add((++_requests, FaultKind.AskStop, Now));
    }

    /// <summary>
    /// The launcher has launched the daemon by itself or for a person. A stop that the supervisor was asked for since then ends that process, unless it is reported
    /// only after that stop.
    /// </summary>
    public void OnLaunchedThere(string name, TimeSpan at)
    {
        var truth = this[name];
        truth.Failures.Clear();
        if (truth.Asked is [.., { Kind: FaultKind.AskStop } stop] && stop.At >= at)
        {
            if (truth.StopCauses == 0)
            {
                // It is reported after that stop, and the supervisor cannot know which of both came first.
                OnCrossed(name);
            }

            return;
        }

        if (truth.IsStopAsked && _reloads > 0)
        {
            // A change replaces the daemon that would hear of it.
            OnCrossed(name);
            return;
        }

        truth.IsStopDone = false;
        truth.MayStartSince ??= Now;
        truth.LastStart = ++_requests;
        truth.MustStartSince ??= Now;
        if (truth.StopCauses == 0 && !(truth.IsStopAsked && truth.Shown.State == DaemonState.Stopping))
        {
            truth.Asked.Add((_requests, FaultKind.AskStart, Now));
        }
    }

    /// <summary>Two people asked for opposite things at about the same time.</summary>
    public void OnCrossed(string name) => (this[name].MustStartSince, this[name].IsStopDone, this[name].LastStart) = (null, false, ++_requests);

    public void OnAttachedTouched(DaemonSpec spec) => violate("attached-touched", $"{spec.Name} is started or stopped by the engine, although another program launches it");

    public void OnOperationBegins(DaemonSpec spec, string operation)
    {
        if (this[spec.Name].Operation is { } other)
        {
            violate("two-operations", $"{operation} of {spec.Name} begins during {other}");
        }

        this[spec.Name].Operation = operation;
        this[spec.Name].IsUnwanted = Specs.All(s => s.Port != spec.Port);
        if (_ending && _endsInOrder && operation == Stop && this[spec.Name].StopCauses == 0 && Specs.FirstOrDefault(s => !IsAttached(s.Name) && s.DependsOn.Any(d => d.Name == spec.Name) && system.RootOf(s.Port) is not null) is { } dependent && system.RootOf(spec.Port) is { ServesSurely: true })
        {
            violate("stopped-before-dependent", $"{operation} of {spec.Name} begins, and {dependent.Name}, which depends on it, lives");
        }

        system.Say($"{operation} of {spec.Name} begins");
    }

    public void OnOperationEnded(DaemonSpec spec) => this[spec.Name].Operation = null;

    public long OnInspectionBegins(DaemonSpec spec)
    {
        var truth = this[spec.Name];
        (truth.Inspection, truth.HealthyAnswer) = ((truth.Inspection.Number + 1, Now), null);
        return truth.Inspection.Number;
    }

    /// <summary>The answer of an inspection counts unless another one has begun or it took so long that the fleet gave it up.</summary>
    public void OnInspected(DaemonSpec spec, long number, DaemonInspection seen)
    {
        var truth = this[spec.Name];
        if (truth.Inspection.Number == number && Now - truth.Inspection.At < scenario.ProbeTimeout && seen is { Verdict: InspectionVerdict.Running, Healthy: true, Pid: { } pid })
        {
            truth.HealthyAnswer = (pid, Now);
        }
    }

    public void OnSignal(DaemonSpec spec, SimulatedProcess process, bool isCleanUp)
    {
        if (process.Owner != spec.Port)
        {
            violate("wrong-process-signalled", $"{process} is signalled for {spec.Name} on port {spec.Port}");
        }

        var isAsked = (_ending && _endStops) || this[spec.Name].IsUnwanted || MayStop(spec.Name, process);
        if (process is { IsRoot: true, VerifiedAt: not null, WasDown: false, IsEnding: false } && !isCleanUp && !isAsked)
        {
            violate("healthy-stopped", $"{process} has served without a break, and is signalled although no request asked for it");
        }
    }

    /// <summary>Whether something asked for a stop of this process.</summary>
    public bool MayStop(string name, SimulatedProcess process)
    {
        var truth = this[name];
        return truth.StopCauses > 0 || truth.IsReloading || truth.HasStopCauseSince(process.StartedAt)
            || (truth.StartingSince < process.StartedAt && truth.HasStopCauseSince(truth.StartingSince.Value));
    }

    /// <summary>Follows new events.</summary>
    public void Read(IEnumerable<FleetEvent> events)
    {
        foreach (var happened in events)
        {
            Follow(happened);
        }
    }

    /// <summary>Checks one moment.</summary>
    public void Check(FleetSupervisor fleet)
    {
        if (_events.FirstViolation is { } first)
        {
            violate("events", first);
        }

        ObserveSystem();
        var daemons = fleet.Daemons;
        foreach (var daemon in daemons)
        {
            var truth = this[daemon.Name];
            truth.RunningAt = daemon.State == DaemonState.Running ? Now : truth.RunningAt;
            truth.ProcessAt = daemon is { Pid: not null, State: DaemonState.Running or DaemonState.Unhealthy or DaemonState.Starting } ? Now : truth.ProcessAt;
            truth.FailedProbes = daemon.ProbeFailures;
        }

        if (_ending)
        {
            // A daemon whose supervision has ended is not looked at any more.
            return;
        }

        foreach (var daemon in daemons)
        {
            var truth = this[daemon.Name];
            Check(daemon, truth);
            if (IsAttached(daemon.Name))
            {
                Attached!.Check(daemon);
            }

            CheckDependencies(daemon, daemons, truth);
            CheckShared(daemon, daemons);
        }

        CheckOwners(daemons);
    }

    /// <summary>How long something has lasted, without the time in which the system made progress impossible.</summary>
    public TimeSpan AgeOf(TimeSpan since) => Now - (since > _obstacleAt ? since : _obstacleAt);

    private void Follow(FleetEvent happened)
    {
        _events.Add(happened);
        Attached?.Follow(happened);
        var truth = this[happened.Daemon.Name];
        system.Say($"event {happened.Id} {happened.Daemon.Name} {happened.Kind} {happened.Daemon.State} PID {happened.Daemon.Pid} {happened.Alert?.Kind} {happened.Message}");
        if (happened is { Kind: FleetEventKind.StateChanged, Daemon.State: DaemonState.Stopping, Message: { } why }
            && why.StartsWith("given up after", StringComparison.Ordinal) && truth.FailedProbes < options.Probe.Failures - 1)
        {
            violate("given-up-early", $"{happened.Daemon.Name} is {why}, after {truth.FailedProbes} failed probes were shown");
        }

        var isFailure = happened.Kind switch
        {
            FleetEventKind.Exited => true,
            FleetEventKind.StateChanged => happened.Daemon.State == DaemonState.Stopping && happened.Message?.StartsWith("given up", StringComparison.Ordinal) == true,
            FleetEventKind.StartFailed => happened.Report is { IsPassing: false, Reason: not (null or StartupReason.Cancelled or StartupReason.PortInUse or StartupReason.PortOwnedByOther
                or StartupReason.CommandNotFound or StartupReason.InvalidConfiguration or StartupReason.PermissionDenied) },
            _ => false,
        };
        if (isFailure && !truth.IsStopAsked && !truth.IsReloading)
        {
            truth.Failures.Add(happened.At - (system.Scheduler.GetUtcNow() - Now));
        }

        if (happened.Kind is FleetEventKind.StartVerified or FleetEventKind.Adopted)
        {
            // A daemon may be restarted after those that it depends on, and not because they are adopted.
            foreach (var dependent in Specs.Where(s => happened.Kind == FleetEventKind.StartVerified && s.OnDependencyRestart == DependencyRestart.Restart && s.DependsOn.Any(d => d.Name == happened.Daemon.Name)))
            {
                this[dependent.Name].StopCauseAt = Now;
            }

            truth.MayStartSince ??= Now;
        }

        if (happened.Kind == FleetEventKind.Adopted)
        {
            // The supervisor before this one was killed before it could stop the daemon. It runs, so it is to run.
            (truth.IsStopKept, truth.IsStopDone, truth.IsStopUncertain) = (false, false, false);
        }

        if (happened is { Kind: FleetEventKind.StateChanged, Daemon.State: DaemonState.Starting } && truth.Shown.State != DaemonState.Starting)
        {
            truth.StartingSince = Now;
        }

        truth.Restarts = Math.Max(truth.Restarts, happened.Daemon.Restarts);
        if (happened.Kind == FleetEventKind.Adopted
            && system.Files(happened.Daemon.Port).Record is { } record && record.Identity?.Pid == happened.Daemon.Pid && record.Restarts > happened.Daemon.Restarts)
        {
            violate("restarts-lost", $"{happened.Daemon.Name} is adopted with {happened.Daemon.Restarts} restarts, and its record has {record.Restarts}");
        }
    }

    /// <summary>The earliest start that the restart policy allows, from the failures that certainly count.</summary>
    private TimeSpan EarliestStart(List<TimeSpan> failures)
    {
        var (policy, last) = (options.Restart, failures[^1]);
        var inARow = failures.Count(at => at > last - policy.ResetAfter);
        var longest = policy.MaxDelay * (1 - policy.Jitter);
        if (failures.Count(at => at > last - policy.BudgetWindow && at > last - policy.ResetAfter) >= policy.Budget)
        {
            return last + longest;
        }

        var delay = inARow < 2 ? TimeSpan.Zero : policy.InitialDelay * Math.Pow(policy.Factor, inARow - 2) * (1 - policy.Jitter);
        return last + (delay < longest ? delay : longest);
    }

    private void ObserveSystem()
    {
        if (system.AreFilesHanging || system.IsOutOfDescriptors || system.Alive.Exists(p => p.IsUninterruptible) || Attached?.IsAnyForgotten() == true)
        {
            _obstacleAt = Now;
        }

        foreach (var process in system.Alive)
        {
            if (process is { IsRoot: true, VerifiedAt: not null, WasDown: false })
            {
                process.WasDown = !process.ServesSurely || system.AreFilesHanging || IsContested(process.Owner!.Value);
            }
        }
    }

    private bool IsContested(int port) => system.IsForeignListening(port);

    private void Check(DaemonSnapshot daemon, DaemonTruth truth)
    {
        var shown = (daemon.State, daemon.Restarts, daemon.ConsecutiveFailures);
        if (shown != truth.Shown)
        {
            if (truth.Shown.State == DaemonState.Stopping && daemon.State == DaemonState.Stopped && !IsAttached(daemon.Name) && system.AliveOf(daemon.Port).FirstOrDefault() is { } left)
            {
                violate("stopped-lives", $"{daemon.Name} is shown as Stopped right after its stop, but {left} lives");
            }

            (truth.Shown, truth.ShownSince) = (shown, Now);
        }

        var instance = system.RootOf(daemon.Port, daemon.Pid);
        var isDown = instance is null || (instance.IsSurelyDown && !IsContested(daemon.Port));
        truth.FalseRunningSince = daemon.State == DaemonState.Running && isDown ? truth.FalseRunningSince ?? Now : null;
        truth.FalseUnhealthySince = daemon.State == DaemonState.Unhealthy && instance?.ServesSurely == true ? truth.FalseUnhealthySince ?? Now : null;
        truth.FalseForeignSince = daemon.State == DaemonState.Foreign && !system.IsPortTaken(daemon.Port) ? truth.FalseForeignSince ?? Now : null;
        if (IsLonger(truth.FalseRunningSince, ProbeTime))
        {
            violate("running-does-not-serve", $"{daemon.Name} is shown as Running with PID {daemon.Pid} since {truth.FalseRunningSince}, but {instance?.ToString() ?? "no such instance"} does not serve");
        }

        if (IsLonger(truth.FalseUnhealthySince, ProbeTime))
        {
            violate("unhealthy-serves", $"{daemon.Name} is shown as Unhealthy since {truth.FalseUnhealthySince}, but {instance} serves");
        }

        if (daemon.State == DaemonState.Unhealthy && instance is { VerifiedAt: not null, WasDown: false })
        {
            violate("unhealthy-without-cause", $"{daemon.Name} is shown as Unhealthy, but {instance} has served without a break");
        }

        if (daemon.State == DaemonState.Unhealthy && truth.HealthyAnswer is { } answer && answer.Pid == daemon.Pid && IsLonger(answer.At, MessageTime))
        {
            violate("healthy-answer-ignored", $"{daemon.Name} is shown as Unhealthy, but PID {answer.Pid} was healthy at {answer.At} and was not looked at since");
        }

        if (IsLonger(truth.FalseForeignSince, (options.LookInterval * 2) + Slack))
        {
            violate("foreign-is-free", $"{daemon.Name} is shown as Foreign since {truth.FalseForeignSince}, but its port is free");
        }

        TimeSpan? longest = daemon.State switch
        {
            DaemonState.Starting when IsAttached(daemon.Name) && (Attached!.IsWaitingForLaunch(daemon.Name) || AgeOf(Attached.HeardAt(daemon.Name)) < OperationTime) => null,
            DaemonState.Starting or DaemonState.Stopping => OperationTime,
            DaemonState.Backoff or DaemonState.CrashLooping => options.Restart.MaxDelay + Slack,
            DaemonState.Unhealthy => UnhealthyTime,
            DaemonState.Stopped when truth.MustStartSince is not null && !truth.IsStopAsked && !_ending && truth.ShownSince <= _begunAt => options.StartTimeout + (scenario.ProbeTimeout * 6) + Slack,
            _ => null,
        };
        if (longest is { } limit && IsLonger(truth.ShownSince > truth.MustStartSince ? truth.ShownSince : truth.MustStartSince ?? truth.ShownSince, limit))
        {
            violate("no-progress", $"{daemon.Name} is {daemon.State} for longer than {limit} (since {truth.ShownSince})");
        }
    }

    /// <summary>Nothing starts that nothing asked for, before what it depends on, or with a definition that was rolled back.</summary>
    private void CheckOrder(DaemonSpec spec, DaemonTruth truth)
    {
        if (!truth.MayStart)
        {
            violate("started-unasked", $"{spec.Name} is started, although it is not started with the fleet and was not asked for");
        }

        if (truth.Rejected is { } rejected && rejected == ArgumentsOf(spec))
        {
            violate("rolled-back-again", $"{spec.Name} is started with the definition that was rolled back");
        }

        foreach (var needed in spec.DependsOn)
        {
            // A message may come late, and the other one may fail meanwhile.
            var at = needed.Condition == DependencyCondition.Verified ? this[needed.Name].RunningAt : this[needed.Name].ProcessAt;
            if (at is null || AgeOf(at.Value) > MessageTime)
            {
                violate("started-before-dependency", $"{spec.Name} is started, and {needed.Name}, which it depends on, was last ready at {at}");
            }
        }
    }

    private void CheckShared(DaemonSnapshot daemon, IReadOnlyList<DaemonSnapshot> daemons)
    {
        foreach (var other in daemons)
        {
            if (daemon.Pid is { } pid && other.Pid == pid && other.Name != daemon.Name)
            {
                violate("shared-process", $"{daemon.Name} and {other.Name} are both shown with PID {pid}");
            }
        }
    }

    private void CheckDependencies(DaemonSnapshot daemon, IReadOnlyList<DaemonSnapshot> daemons, DaemonTruth truth)
    {
        var waitsForNothing = daemon.State == DaemonState.Waiting && AllRun(daemon.WaitingFor, daemons);
        truth.WaitsForNothingSince = waitsForNothing ? truth.WaitsForNothingSince ?? Now : null;
        if (IsLonger(truth.WaitsForNothingSince, Slack))
        {
            violate("waits-for-nothing", $"{daemon.Name} waits since {truth.WaitsForNothingSince} for {string.Join(", ", daemon.WaitingFor)}, which run");
        }

        var isForgotten = daemon.State == DaemonState.Stopped && truth.MustStartSince is not null && !truth.IsStopAsked && truth.PendingRequests == 0 && !IsAnyReloading()
            && IsConfigured(daemon.Name);
        truth.ForgottenSince = isForgotten ? truth.ForgottenSince ?? Now : null;
        if (IsLonger(truth.ForgottenSince, OperationTime))
        {
            violate("no-progress", $"{daemon.Name} is Stopped since {truth.ForgottenSince}, although it is to run");
        }

        var lives = daemon.State == DaemonState.Stopped && truth.Operation is null && !IsAttached(daemon.Name) && system.RootOf(daemon.Port) is { VerifiedAt: not null };
        truth.LivesStoppedSince = lives ? truth.LivesStoppedSince ?? Now : null;
        if (IsLonger(truth.LivesStoppedSince, OperationTime))
        {
            violate("stopped-lives", $"{daemon.Name} is shown as Stopped since {truth.LivesStoppedSince}, but {system.RootOf(daemon.Port)} lives");
        }
    }

    /// <summary>Every process of a daemon has a daemon that looks after it.</summary>
    private void CheckOwners(IReadOnlyList<DaemonSnapshot> daemons)
    {
        foreach (var spec in scenario.Specs)
        {
            var port = spec.Port;
            if (IsPortOfAny(daemons, port) || system.FirstOf(port) is not { } process || spec.Launch == LaunchMode.Attached || IsAnyReloading())
            {
                _unownedSince.Remove(port);
                continue;
            }

            _unownedSince.TryAdd(port, Now);
            if (IsLonger(_unownedSince[port], OperationTime))
            {
                violate("without-owner", $"{process} lives since {_unownedSince[port]}, and no daemon of the fleet has its port");
            }
        }
    }

    // After every step: these allocate nothing.
    private static bool IsPortOfAny(IReadOnlyList<DaemonSnapshot> daemons, int port)
    {
        for (var i = 0; i < daemons.Count; i++)
        {
            if (daemons[i].Port == port)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsAttached(string name)
    {
        if (Attached is not null)
        {
            foreach (var spec in scenario.Specs)
            {
                if (spec.Name == name)
                {
                    return spec.Launch == LaunchMode.Attached;
                }
            }
        }

        return false;
    }

    private bool IsConfigured(string name)
    {
        for (var i = 0; i < Specs.Count; i++)
        {
            if (Specs[i].Name == name)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsAnyReloading()
    {
        foreach (var truth in _daemons.Values)
        {
            if (truth.IsReloading)
            {
                return true;
            }
        }

        return false;
    }

    private static bool AllRun(IReadOnlyList<string> names, IReadOnlyList<DaemonSnapshot> daemons) =>
        names.All(name => daemons.FirstOrDefault(d => d.Name == name)?.State == DaemonState.Running);

    /// <summary>A start allows the starts of all that it depends on.</summary>
    private void AllowStart(string name, bool isRequest, bool isCertain = true)
    {
        var truth = this[name];
        if (!isRequest && truth.IsStopAsked)
        {
            // It stays stopped. What it depends on is needed by the daemon that waits for it.
            foreach (var needed in NeededBy(name))
            {
                AllowStart(needed, isRequest, isCertain: false);
            }

            return;
        }

        // Whether an attached daemon is to run is its launcher's to say.
        isCertain &= isRequest || (!truth.IsStopUncertain && !IsAttached(name));
        truth.MayStartSince ??= Now;
        truth.MustStartSince ??= isCertain ? Now : null;
        truth.IsStopDone &= !isRequest;
        truth.LastStart = isRequest ? _requests : truth.LastStart;
        foreach (var needed in NeededBy(name).Where(n => !IsAttached(n)))
        {
            AllowStart(needed, isRequest, isCertain && Needs(Specs, name, needed) && Needs(_before, name, needed));
        }
    }

    // During a change, the fleet still has the configuration before it.
    private IEnumerable<string> NeededBy(string name) => Specs.Concat(_before).Where(s => s.Name == name).SelectMany(s => s.DependsOn).Select(d => d.Name).Distinct();

    private static bool Needs(IReadOnlyList<DaemonSpec> specs, string name, string needed) => specs.FirstOrDefault(s => s.Name == name)?.DependsOn.Any(d => d.Name == needed) != false;

    private static string ArgumentsOf(DaemonSpec spec) => string.Join(' ', spec.Arguments);

    private bool IsLonger(TimeSpan? since, TimeSpan limit) => since is { } at && AgeOf(at) > limit;
}
