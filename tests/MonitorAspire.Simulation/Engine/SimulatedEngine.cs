using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Simulation.Engine;

/// <summary>
/// The contract of the real engine on a simulated system, for one supervisor. Between any two steps it lets other things happen. After
/// the crash of its supervisor it touches nothing any more: all that is under way ends with an exception.
/// </summary>
internal sealed partial class SimulatedEngine(SimulatedSystem system, IEngineObserver observer) : IDaemonEngine
{
    /// <summary>The argument of a definition whose process ends at once.</summary>
    public const string Broken = "broken";

    /// <summary>What a check says of a start that was not tried.</summary>
    public const string Refusal = "no such command; nothing was stopped";

    /// <summary>EMFILE. The fleet knows by it that the trouble is its own and not the daemon's.</summary>
    private const int NoDescriptor = 24;

    private static readonly TimeSpan UnhealthyToBelieve = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(3);

    private readonly SimulatedSystem _system = system;
    private long _lastId;

    public bool IsCrashed { get; private set; }

    /// <summary>The supervisor dies: the kernel frees its locks, and nothing else happens.</summary>
    public void Crash(IEnumerable<int> ports)
    {
        IsCrashed = true;
        foreach (var port in ports)
        {
            Release(port);
        }
    }

    public async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        RequireLife();
        RequireOwn(spec);
        observer.OnStart(spec, options);
        observer.OnOperationBegins(spec, "a start");
        try
        {
            return await new Start(this, spec, options).RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            observer.OnOperationEnded(spec);
        }
    }

    public async Task<StopReport> StopAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken)
    {
        RequireLife();
        RequireOwn(spec);
        observer.OnOperationBegins(spec, "a stop");
        try
        {
            return await StopProvenAsync(spec, options, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            observer.OnOperationEnded(spec);
        }
    }

    public async Task<DaemonInspection> InspectAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken)
    {
        var number = observer.OnInspectionBegins(spec);
        var seen = await LookAsync(spec, options, cancellationToken).ConfigureAwait(false);
        observer.OnInspected(spec, number, seen);
        return seen;
    }

    private async Task<DaemonInspection> LookAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken)
    {
        RequireLife();
        if (_system.IsOutOfDescriptors)
        {
            throw new IOException("too many open files", NoDescriptor);
        }

        await PauseAsync(cancellationToken).ConfigureAwait(false);
        while (_system.AreFilesHanging)
        {
            await DelayAsync(TimeSpan.FromMilliseconds(500), cancellationToken).ConfigureAwait(false);
        }

        var files = _system.Files(spec.Port);
        var located = Locate(spec.Port, options.Told);
        var seen = new DaemonInspection
        {
            Name = spec.Name,
            Host = spec.Host,
            Port = spec.Port,
            Verdict = InspectionVerdict.Unknown,
            PidFileState = files.PidFileState,
            PidInFile = files.PidInFile,
            LockHeld = _system.IsLocked(spec.Port),
            Restarts = files.Record?.Restarts ?? 0,
            PidFile = "pid",
            LogFile = "log",
        };
        return located.Kind switch
        {
            LocatedKind.Instance => await InspectInstanceAsync(spec, options, located.Root!, seen, cancellationToken).ConfigureAwait(false),
            LocatedKind.Launching => seen with { Verdict = InspectionVerdict.Starting, Detail = "being started" },
            LocatedKind.Leaked => seen with { Verdict = InspectionVerdict.Unhealthy, Reason = StartupReason.LockUnavailable, Detail = "its descendants hold the lock" },
            LocatedKind.Unprovable => seen with { Detail = "the lock is held by a process about which nothing can be proved" },
            _ when _system.Listeners(spec.Port).Any() => seen with { Verdict = InspectionVerdict.Foreign, Reason = StartupReason.PortOwnedByOther, Detail = "a foreign process listens" },
            _ => seen with { Verdict = files.PidFile is null ? InspectionVerdict.NotRunning : InspectionVerdict.Dead },
        };
    }

    public static bool IsBroken(DaemonSpec spec) => spec.Arguments.Contains(Broken);

    public Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken) => Task.FromResult(!_system.MissingCommands.Contains(spec.Port) ? null : new StartupReport
    {
        Name = spec.Name,
        Host = spec.Host,
        Port = spec.Port,
        Verdict = StartupVerdict.Failed,
        Stage = StartupStage.Preflight,
        Reason = StartupReason.CommandNotFound,
        Detail = Refusal,
    });

    public DaemonInstance? Attach(DaemonSpec spec)
    {
        RequireLife();
        return Locate(spec.Port) is { Kind: LocatedKind.Instance, Root: { } root } ? HandleOf(root, spec.Port, isChild: false) : null;
    }

    public string? RepairFiles(DaemonSpec spec, DaemonInstance instance)
    {
        RequireLife();
        var files = _system.Files(instance.Port);
        if (_system.Find(instance.Identity) is not { } process
            || _system.IsDiskFull
            || (files.PidInFile == instance.Pid && files.Record?.Identity == instance.Identity))
        {
            return null;
        }

        files.PidFile = Text(instance.Pid);
        if (files.Record?.Identity != instance.Identity)
        {
            files.Record = new SimulatedRecord(process.Identity, process.InstanceId ?? "", instance.RestartCount, instance.StartedAt, _system.Scheduler.GetUtcNow(), this);
        }

        return $"{spec.Name}: files written again";
    }

    private async Task<DaemonInspection> InspectInstanceAsync(
        DaemonSpec spec, InspectOptions options, SimulatedProcess root, DaemonInspection seen, CancellationToken cancellationToken)
    {
        var members = _system.Members(spec.Port, root, root.Identity, root.InstanceId);
        var own = members.Find(m => m.ListensOn == spec.Port);
        var other = _system.Listeners(spec.Port).FirstOrDefault(l => !members.Contains(l));
        seen = seen with
        {
            Pid = root.Pid,
            PidFileState = seen.PidInFile is { } pid && pid != root.Pid ? "mismatch" : seen.PidFileState,
            IsRecordLost = root.IsAttached && _system.Files(spec.Port).Record?.Identity != root.Identity,
            OwnsPort = own is not null,
            Contested = own is null || other is null ? null : OwnerOf(other, spec.Port),
            StartedAt = _system.Files(spec.Port).Record?.StartedAt,
        };
        StartupReason? problem = own is not null ? null : other is not null ? StartupReason.PortOwnedByOther : StartupReason.PortNotBound;
        if (problem is null && options.ProbeHealth)
        {
            var limit = options.HealthTimeout ?? TimeSpan.FromSeconds(2);
            var asked = _system.Scheduler.Now;

            // With SO_REUSEPORT the kernel gives some connections to the other process.
            var isOther = other is not null && _system.Choices.Chance(0.5);
            problem = isOther ? StartupReason.HealthIdentityMismatch : await AskHealthAsync(own!, limit, cancellationToken).ConfigureAwait(false);
            seen = seen with
            {
                Healthy = isOther ? null : problem is null,
                HealthMs = (_system.Scheduler.Now - asked).TotalMilliseconds,
            };
            problem = isOther ? null : problem;
        }

        await PauseAsync(cancellationToken).ConfigureAwait(false);
        if (!root.IsAlive)
        {
            return seen with { Verdict = seen.PidFileState == "missing" ? InspectionVerdict.NotRunning : InspectionVerdict.Dead, Pid = null, Detail = "it has just ended" };
        }

        var record = _system.Files(spec.Port).Record;
        var beingStarted = record is { VerifiedAt: null, Launcher: SimulatedEngine { IsCrashed: false } };
        return problem is { } reason
            ? seen with { Verdict = beingStarted ? InspectionVerdict.Starting : InspectionVerdict.Unhealthy, Reason = reason, Detail = $"simulated {reason}" }
            : seen with { Verdict = InspectionVerdict.Running };
    }

    /// <summary>Why the health check fails, or <see langword="null"/> where it passes.</summary>
    private async Task<StartupReason?> AskHealthAsync(SimulatedProcess process, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (process.Health == Health.Hanging || (process.Health == Health.Slow && process.AnswersAfter >= limit))
        {
            await DelayAsync(limit, cancellationToken).ConfigureAwait(false);
            return StartupReason.HealthUnreachable;
        }

        if (process.Health == Health.Slow)
        {
            await DelayAsync(process.AnswersAfter, cancellationToken).ConfigureAwait(false);
        }

        await PauseAsync(cancellationToken).ConfigureAwait(false);
        return process.Health switch
        {
            _ when !process.IsAlive => StartupReason.HealthUnreachable,
            Health.Failing => StartupReason.HealthStatus,
            Health.Refusing or Health.Hanging => StartupReason.HealthUnreachable,
            Health.Lying => StartupReason.HealthIdentityMismatch,
            _ => null,
        };
    }

    private async Task<StopReport> StopProvenAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken)
    {
        var report = new StopReport { Name = spec.Name, Port = spec.Port, Verdict = StopVerdict.Failed };
        await PauseAsync(default).ConfigureAwait(false);
        var files = _system.Files(spec.Port);
        var located = Locate(spec.Port);
        switch (located.Kind)
        {
            case LocatedKind.None when _system.Listeners(spec.Port).Any():
                return report with { Verdict = StopVerdict.Foreign, Detail = "the port is served by a foreign process" };
            case LocatedKind.None:
                files.PidFile = null;
                files.Record = null;
                return report with { Verdict = StopVerdict.NotRunning };
            case LocatedKind.Unprovable:
                return report with { Verdict = StopVerdict.Foreign, Detail = "nothing can be proved about the holder of the lock" };
            case LocatedKind.Launching:
                return report with { Detail = "a start is under way" };
        }

        await StopTreeAsync(spec, located, options.GracePeriod, options.KillTimeout, isCleanUp: false, cancellationToken).ConfigureAwait(false);
        await PauseAsync(default).ConfigureAwait(false);
        if (MembersOf(spec.Port, located).Count > 0)
        {
            return report with { Pid = located.Root?.Pid, Killed = true, Detail = "still there after SIGKILL" };
        }

        for (var waited = TimeSpan.Zero; _system.IsLocked(spec.Port); waited += TimeSpan.FromMilliseconds(100))
        {
            if (waited > TimeSpan.FromSeconds(2))
            {
                return report with { Detail = "its lock is still held" };
            }

            await DelayAsync(TimeSpan.FromMilliseconds(100), default).ConfigureAwait(false);
        }

        if (files.PidInFile is { } pid && (pid == located.Root?.Pid || _system.Find(pid) is null))
        {
            files.PidFile = null;
        }

        files.Record = null;
        return report with { Verdict = StopVerdict.Stopped, Pid = located.Root?.Pid };
    }

    /// <summary>SIGTERM, the grace period, then SIGKILL until nothing is left or the time is up.</summary>
    private async Task StopTreeAsync(DaemonSpec spec, Located located, TimeSpan grace, TimeSpan killTimeout, bool isCleanUp, CancellationToken outOfTime)
    {
        foreach (var member in MembersOf(spec.Port, located))
        {
            Signal(member, 15);
            await PauseAsync(default).ConfigureAwait(false);
        }

        var graceEnds = _system.Scheduler.Now + grace;
        await WaitUntilGoneAsync(graceEnds, outOfTime).ConfigureAwait(false);
        var killEnds = _system.Scheduler.Now + killTimeout;
        while (MembersOf(spec.Port, located) is { Count: > 0 } left && _system.Scheduler.Now < killEnds)
        {
            left.ForEach(member => Signal(member, 9));
            await WaitUntilGoneAsync(Earlier(killEnds, _system.Scheduler.Now + TimeSpan.FromMilliseconds(200)), default).ConfigureAwait(false);
        }

        void Signal(SimulatedProcess member, int signal)
        {
            if (member.IsAlive)
            {
                observer.OnSignal(spec, member, isCleanUp);
                _system.Signal(member, signal);
            }
        }

        async Task WaitUntilGoneAsync(TimeSpan until, CancellationToken ended)
        {
            while (MembersOf(spec.Port, located) is [var first, ..] && _system.Scheduler.Now < until && !ended.IsCancellationRequested)
            {
                await DelayAsync(until - _system.Scheduler.Now, ended, first).ConfigureAwait(false);
            }
        }
    }

    private List<SimulatedProcess> MembersOf(int port, Located located) =>
        _system.Members(port, located.Root, located.Root?.Identity ?? _system.Files(port).Record?.Identity, located.InstanceId);

    /// <summary>Finds the instance by record and lock. The PID file is only a hint.</summary>
    private Located Locate(int port, ProcessIdentity? told = null)
    {
        var files = _system.Files(port);
        var record = files.Record;
        if (told is { } named && _system.Find(named) is { } known)
        {
            return new(LocatedKind.Instance, known, known.InstanceId);
        }

        if (record?.Identity is { } recorded && _system.Find(recorded) is { } process)
        {
            return new(LocatedKind.Instance, process, record.InstanceId);
        }

        var holders = _system.LockHolders(port).OrderBy(p => p.Identity.StartTicks).ToList();
        if (record is { Identity: null, Launcher: SimulatedEngine { IsCrashed: false } } && files.LauncherWithLock == record.Launcher)
        {
            return new(LocatedKind.Launching, null, record.InstanceId);
        }

        if (holders.Count == 0)
        {
            return new(_system.IsLocked(port) ? LocatedKind.Unprovable : LocatedKind.None, null, null);
        }

        var root = holders.Find(p => p.IsRoot);
        return root is not null
            ? new(LocatedKind.Instance, root, root.InstanceId)
            : new(LocatedKind.Leaked, null, record?.InstanceId ?? holders[0].InstanceId);
    }

    private DaemonInstance HandleOf(SimulatedProcess process, int port, bool isChild)
    {
        var record = _system.Files(port).Record is { } found && found.Identity == process.Identity ? found : null;
        return HandleOf(process, port, record?.Restarts ?? 0, record?.StartedAt ?? _system.Scheduler.GetUtcNow(), record?.VerifiedAt, isChild);
    }

    // The exit comes as late as any message. Only the parent hears how the process ended.
    private DaemonInstance HandleOf(SimulatedProcess process, int port, int restarts, DateTimeOffset startedAt, DateTimeOffset? verifiedAt, bool isChild)
    {
        var exited = new TaskCompletionSource<ProcessExit>();
        process.WhenEnded(exit => _system.Scheduler.Post(() => exited.TrySetResult(isChild ? exit : ProcessExit.Unknown)));
        return new DaemonInstance(process.Identity, port, startedAt, restarts, exited.Task) { VerifiedAt = verifiedAt };
    }

    private void Release(int port)
    {
        if (_system.Files(port).LauncherWithLock == this)
        {
            _system.Files(port).LauncherWithLock = null;
        }
    }

    /// <summary>A point at which other things may happen.</summary>
    private Task PauseAsync(CancellationToken cancellationToken) => _system.Choices.Chance(0.5)
        ? Task.CompletedTask
        : DelayAsync(_system.Choices.Duration(TimeSpan.FromMicroseconds(1), LongestPause), cancellationToken);

    /// <summary>
    /// Waits for a time, or until the process ends or the token is cancelled, and continues on the thread of the simulation. A cancelled
    /// wait is an exception only for callers who can be cancelled.
    /// </summary>
    private async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken, SimulatedProcess? process = null)
    {
        RequireLife();
        var ended = new TaskCompletionSource();
        var entry = _system.Scheduler.After(delay, () => ended.TrySetResult());
        process?.WhenEnded(_ => _system.Scheduler.Post(() => ended.TrySetResult()));
        using (cancellationToken.UnsafeRegister(_ => _system.Scheduler.Post(() => ended.TrySetResult()), null))
        {
            await ended.Task.ConfigureAwait(false);
        }

        entry.IsCancelled = true;
        RequireLife();
        if (process is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void RequireLife()
    {
        if (IsCrashed)
        {
            throw new InvalidOperationException("the supervisor of this engine has crashed");
        }
    }

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static PortOwner OwnerOf(SimulatedProcess process, int port) => new(process.Pid, "other", $"[::]:{Text(port)}");

    private sealed record Located(LocatedKind Kind, SimulatedProcess? Root, string? InstanceId);
}
