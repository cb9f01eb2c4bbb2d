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
    private readonly Dictionary<string, DaemonTruth> _daemons = [];
    private EventChecker _events = new();
    private TimeSpan _obstacleAt;
    private TimeSpan _begunAt;
    private bool _ending;
    private long _requests;

    /// <summary>Messages that come late make everything late: an operation is a chain of some twenty messages at most.</summary>
    private TimeSpan Slack => (system.Scheduler.Lateness * 40) + TimeSpan.FromSeconds(2);

    private TimeSpan ProbeTime => (scenario.ProbeInterval * 2) + (scenario.ProbeTimeout * 6) + Slack;

    private TimeSpan StopTime => options.StopGracePeriod + TimeSpan.FromSeconds(9);

    /// <summary>The longest time of a start, its clean-up and the stop before it, and of retries of that stop.</summary>
    public TimeSpan OperationTime => options.StartTimeout + (StopTime * 3) + options.Restart.MaxDelay + Slack;

    private TimeSpan Now => system.Scheduler.Now;

    public DaemonTruth this[string name] => _daemons.TryGetValue(name, out var truth) ? truth : _daemons[name] = new DaemonTruth();

    public IReadOnlyList<string> OpenAlerts => _events.OpenAlerts;

    /// <summary>A new supervisor begins: what the one before it was asked for in memory is gone.</summary>
    public void BeginSupervisor()
    {
        _events = new EventChecker();
        _begunAt = Now;
        _ending = false;
        foreach (var truth in _daemons.Values)
        {
            truth.Failures.Clear();
            (truth.IsStopAsked, truth.IsStopDone, truth.IsReloading, truth.Operation) = (false, false, false, null);
            (truth.FalseRunningSince, truth.FalseUnhealthySince, truth.FalseForeignSince, truth.Snapshot) = (null, null, null, null);
            (truth.ShownSince, truth.Restarts, truth.StopCauses, truth.PendingRequests) = (Now, 0, 0, 0);
        }
    }

    public void EndSupervisor() => _ending = true;

    /// <summary>Notes a request and numbers it.</summary>
    public long OnRequest(string name, FaultKind kind)
    {
        var truth = this[name];
        _requests++;
        truth.Failures.Clear();
        if (kind != FaultKind.AskReset)
        {
            truth.IsStopAsked = kind == FaultKind.AskStop;
            truth.IsStopDone &= truth.IsStopAsked;
            truth.LastStart = truth.IsStopAsked ? truth.LastStart : _requests;
        }

        if (kind is FaultKind.AskStop or FaultKind.AskRestart)
        {
            truth.StopCauseAt = Now;
            truth.StopCauses++;
        }

        return _requests;
    }

    public void OnRequestEnded(string name, FaultKind kind)
    {
        this[name].StopCauses -= kind is FaultKind.AskStop or FaultKind.AskRestart ? 1 : 0;
        this[name].PendingRequests--;
        this[name].Failures.Clear();
    }

    /// <summary>A reload changes the daemon, which stops its instance.</summary>
    public void OnReload(string name)
    {
        var truth = this[name];
        (truth.StopCauseAt, truth.IsReloading) = (Now, true);
        truth.Failures.Clear();
    }

    public void OnReloaded()
    {
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

        // A reload may give the port to another daemon meanwhile.
        if (_daemons.Values.All(t => !t.IsReloading) && system.AliveOf(report.Port).FirstOrDefault() is { } left)
        {
            violate("stop-left-something", $"the stop of {name} says {report.Verdict}, but {left} lives");
        }

        this[name].IsStopDone = number > this[name].LastStart;
    }

    public void OnStartAnswered(string name, long _, StartupReport report)
    {
        this[name].Failures.Clear();
        if (report.Verdict == StartupVerdict.Verified && report.Pid is null)
        {
            violate("verified-without-pid", $"the report of {name} names no PID");
        }
    }

    public void OnStart(DaemonSpec spec, StartOptions startOptions)
    {
        var truth = this[spec.Name];
        system.Say($"start {spec.Name} attempt {startOptions.Attempt} restarts {startOptions.RestartCount} force {startOptions.Force}");
        if (truth.IsStopDone)
        {
            violate("stop-undone", $"{spec.Name} is started, although its stop was reported as done and no start was asked for");
        }

        if (truth.PendingRequests == 0 && truth.Failures.Count > 0 && EarliestStart(truth.Failures) is var earliest && Now < earliest - TimeSpan.FromMilliseconds(1))
        {
            violate("restarted-too-fast", $"{spec.Name} is started at {Now}, and not before {earliest} after {truth.Failures.Count} failures");
        }

        if (startOptions.RestartCount < truth.Restarts)
        {
            violate("restarts-lost", $"{spec.Name} has {startOptions.RestartCount} restarts after {truth.Restarts}");
        }
    }

    public void OnOperationBegins(DaemonSpec spec, string operation)
    {
        if (this[spec.Name].Operation is { } other)
        {
            violate("two-operations", $"{operation} of {spec.Name} begins during {other}");
        }

        this[spec.Name].Operation = operation;
        system.Say($"{operation} of {spec.Name} begins");
    }

    public void OnOperationEnded(DaemonSpec spec) => this[spec.Name].Operation = null;

    public void OnSignal(DaemonSpec spec, SimulatedProcess process, bool isCleanUp)
    {
        if (process.Owner != spec.Port)
        {
            violate("wrong-process-signalled", $"{process} is signalled for {spec.Name} on port {spec.Port}");
        }

        var truth = this[spec.Name];
        var isAsked = _ending || truth.StopCauses > 0 || truth.IsReloading || truth.StopCauseAt >= process.StartedAt;
        if (process is { IsRoot: true, VerifiedAt: not null, WasDown: false, IsEnding: false } && !isCleanUp && !isAsked)
        {
            violate("healthy-stopped", $"{process} has served without a break, and is signalled although no request asked for it");
        }
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

        if (_events.Violations is [var first, ..])
        {
            violate("events", first);
        }

        ObserveSystem();
        if (_ending)
        {
            // A daemon whose supervision has ended is not looked at any more.
            return;
        }

        foreach (var daemon in fleet.Daemons)
        {
            Check(daemon, this[daemon.Name]);
        }
    }

    /// <summary>How long something has lasted, without the time in which the system made progress impossible.</summary>
    public TimeSpan AgeOf(TimeSpan since) => Now - (since > _obstacleAt ? since : _obstacleAt);

    private void Follow(FleetEvent happened)
    {
        _events.Add(happened);
        var truth = this[happened.Daemon.Name];
        system.Say($"event {happened.Id} {happened.Daemon.Name} {happened.Kind} {happened.Daemon.State} PID {happened.Daemon.Pid} {happened.Alert?.Kind} {happened.Message}");
        var isFailure = happened.Kind switch
        {
            FleetEventKind.Exited => true,
            FleetEventKind.StateChanged => happened.Daemon.State == DaemonState.Stopping && happened.Message?.StartsWith("given up", StringComparison.Ordinal) == true,
            FleetEventKind.StartFailed => happened.Report?.Reason is not (null or StartupReason.Cancelled or StartupReason.PortInUse or StartupReason.PortOwnedByOther
                or StartupReason.CommandNotFound or StartupReason.InvalidConfiguration or StartupReason.PermissionDenied),
            _ => false,
        };
        if (isFailure && !truth.IsStopAsked && !truth.IsReloading)
        {
            truth.Failures.Add(happened.At - (system.Scheduler.GetUtcNow() - Now));
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
        if (system.AreFilesHanging || system.IsOutOfDescriptors || system.Alive.Any(p => p.IsUninterruptible))
        {
            _obstacleAt = Now;
        }

        foreach (var root in system.Alive.Where(p => p is { IsRoot: true, VerifiedAt: not null, WasDown: false }))
        {
            root.WasDown = !root.ServesSurely || _obstacleAt == Now || IsContested(root.Owner!.Value);
        }
    }

    private bool IsContested(int port) => system.Listeners(port).Any(l => l.Owner is null);

    private void Check(DaemonSnapshot daemon, DaemonTruth truth)
    {
        var shown = (daemon.State, daemon.Restarts, daemon.ConsecutiveFailures);
        if (shown != truth.Shown)
        {
            (truth.Shown, truth.ShownSince) = (shown, Now);
        }

        truth.Snapshot = daemon;
        var instance = system.RootOf(daemon.Port) is { } root && root.Pid == daemon.Pid ? root : null;
        var isDown = instance is null || (instance.IsSurelyDown && !IsContested(daemon.Port));
        truth.FalseRunningSince = daemon.State == DaemonState.Running && isDown ? truth.FalseRunningSince ?? Now : null;
        truth.FalseUnhealthySince = daemon.State == DaemonState.Unhealthy && instance?.ServesSurely == true ? truth.FalseUnhealthySince ?? Now : null;
        truth.FalseForeignSince = daemon.State == DaemonState.Foreign && !system.IsPortTaken(daemon.Port) ? truth.FalseForeignSince ?? Now : null;
        Limit(truth.FalseRunningSince, ProbeTime, "running-does-not-serve", $"{daemon.Name} is shown as Running with PID {daemon.Pid}, but {instance?.ToString() ?? "no such instance"} does not serve");
        Limit(truth.FalseUnhealthySince, ProbeTime, "unhealthy-serves", $"{daemon.Name} is shown as Unhealthy, but {instance} serves");
        Limit(truth.FalseForeignSince, (options.LookInterval * 2) + Slack, "foreign-is-free", $"{daemon.Name} is shown as Foreign, but its port is free");

        TimeSpan? longest = daemon.State switch
        {
            DaemonState.Starting or DaemonState.Stopping => OperationTime,
            DaemonState.Backoff or DaemonState.CrashLooping => options.Restart.MaxDelay + Slack,
            DaemonState.Unhealthy => ((scenario.ProbeInterval + (scenario.ProbeTimeout * 4)) * (options.Probe.Failures + 2)) + Slack,
            DaemonState.Stopped when !truth.IsStopAsked && !_ending && truth.ShownSince <= _begunAt => options.StartTimeout + (scenario.ProbeTimeout * 6) + Slack,
            _ => null,
        };
        if (longest is { } limit)
        {
            Limit(truth.ShownSince, limit, "no-progress", $"{daemon.Name} is {daemon.State} for longer than {limit}");
        }
    }

    private void Limit(TimeSpan? since, TimeSpan limit, string invariant, string detail)
    {
        if (since is { } at && AgeOf(at) > limit)
        {
            violate(invariant, $"{detail} (since {at})");
        }
    }
}
