using System.Globalization;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Simulation.World;

/// <summary>
/// An operating system with few PIDs, so that they are used again soon. What it does wrong on request is what a real one does: processes die,
/// hang and leave descendants behind; files tear and vanish; disks are full; ports linger.
/// </summary>
internal sealed class SimulatedSystem(Scheduler scheduler, Choices choices, Trace trace, Action<string, string> violate)
{
    private const string Boot = "boot-1";
    private const int FirstPid = 2;
    private const int Pids = 48;

    private readonly Dictionary<int, SimulatedProcess> _processes = [];
    private readonly List<SimulatedProcess> _alive = [];
    private readonly Dictionary<int, SimulatedFiles> _files = [];
    private readonly Dictionary<int, TimeSpan> _lingering = [];
    private readonly HashSet<int> _zombies = [];
    private int _lastPid = 1;
    private long _ticks;

    public Scheduler Scheduler => scheduler;

    public Trace Trace => trace;

    public Choices Choices => choices;

    public bool IsDiskFull { get; set; }

    /// <summary>Whether no more descriptors can be opened: every inspection fails.</summary>
    public bool IsOutOfDescriptors { get; set; }

    /// <summary>Whether inspections hang, as on a network file system whose server is away.</summary>
    public bool AreFilesHanging { get; set; }

    public HashSet<int> MissingCommands { get; } = [];

    /// <summary>How the next processes of a port behave.</summary>
    public Dictionary<int, Behaviour> Behaviours { get; } = [];

    public List<SimulatedProcess> Alive => _alive;

    public SimulatedFiles Files(int port) => _files.TryGetValue(port, out var files) ? files : _files[port] = new SimulatedFiles();

    public IEnumerable<SimulatedProcess> AliveOf(int port) => Alive.Where(p => p.Owner == port);

    /// <summary>The first living process of a daemon. Called after every step, so it allocates nothing.</summary>
    public SimulatedProcess? FirstOf(int port)
    {
        foreach (var process in _alive)
        {
            if (process.Owner == port)
            {
                return process;
            }
        }

        return null;
    }

    /// <summary>The living main process of a daemon with this PID. An attached daemon can have two main processes for a while.</summary>
    public SimulatedProcess? RootOf(int port, int? pid)
    {
        foreach (var process in _alive)
        {
            if (process.IsRoot && process.Owner == port && process.Pid == pid)
            {
                return process;
            }
        }

        return null;
    }

    public SimulatedProcess? RootOf(int port)
    {
        foreach (var process in _alive)
        {
            if (process.IsRoot && process.Owner == port)
            {
                return process;
            }
        }

        return null;
    }

    public bool IsForeignListening(int port)
    {
        foreach (var process in _alive)
        {
            if (process.ListensOn == port && process.Owner is null)
            {
                return true;
            }
        }

        return false;
    }

    public SimulatedProcess? Find(ProcessIdentity identity) =>
        _processes.TryGetValue(identity.Pid, out var process) && process.Identity == identity && process.IsAlive ? process : null;

    public SimulatedProcess? Find(int pid) => _processes.TryGetValue(pid, out var process) && process.IsAlive ? process : null;

    public IEnumerable<SimulatedProcess> Listeners(int port) => Alive.Where(p => p.ListensOn == port);

    public bool IsLocked(int port) => Files(port).LauncherWithLock is not null || LockHolders(port).Any();

    public IEnumerable<SimulatedProcess> LockHolders(int port) => AliveOf(port).Where(p => p.HoldsLock);

    /// <summary>Whether a bind fails: another process listens, or the port lingers after a connection of an earlier one.</summary>
    public bool IsPortTaken(int port) => Listeners(port).Any() || (_lingering.TryGetValue(port, out var until) && until > scheduler.Now);

    public void Linger(int port, TimeSpan time) => _lingering[port] = scheduler.Now + time;

    public void EndLingering() => _lingering.Clear();

    /// <summary>How the next process of a port behaves.</summary>
    public Behaviour NextBehaviour(int port)
    {
        var behaviour = Behaviours.GetValueOrDefault(port) ?? new Behaviour();
        Behaviours[port] = behaviour.Times > 1 ? behaviour with { Times = behaviour.Times - 1 } : new Behaviour();
        return behaviour;
    }

    public SimulatedProcess Spawn(SimulatedProcess? parent, int? owner, bool isRoot, string? instanceId, bool isAttached = false)
    {
        if (isRoot && !isAttached && owner is { } port && RootOf(port) is { } other)
        {
            violate("one-instance", $"a second instance on port {port} beside {other}");
        }

        var pid = NextPid();
        var process = new SimulatedProcess(new ProcessIdentity(pid, ++_ticks, Boot), isRoot || parent is null ? pid : parent.Session, parent)
        {
            Owner = owner,
            IsRoot = isRoot,
            IsAttached = isAttached,
            InstanceId = instanceId,
            HoldsLock = owner is not null && !isAttached,
            StartedAt = scheduler.Now,
        };
        _processes[pid] = process;
        _alive.Add(process);
        Say($"spawned {process}");
        return process;
    }

    /// <summary>The members of an instance as a kernel shows them: its session, its id in the environment, its lock.</summary>
    public List<SimulatedProcess> Members(int port, SimulatedProcess? root, ProcessIdentity? identity, string? instanceId) =>
    [
        .. Alive.Where(p => p == root
            || (identity is { } i && p.Session == i.Pid && p.Owner == port)
            || (instanceId is not null && p.InstanceId == instanceId)
            || (p.HoldsLock && p.Owner == port)),
    ];

    public void Signal(SimulatedProcess process, int signal)
    {
        Say(string.Create(CultureInfo.InvariantCulture, $"signal {signal} to {process}"));
        if (process.Owner is null)
        {
            violate("foreign-signalled", $"signal {signal} reached {process}");
        }

        if (!process.IsAlive)
        {
            return;
        }

        if (signal == 9)
        {
            Kill(process, new ProcessExit(null, 9));
        }
        else if (process.EndsAfter is { } time && !process.IsEnding)
        {
            process.IsEnding = true;
            scheduler.After(time, () => Kill(process, new ProcessExit(choices.Chance(0.5) ? 0 : 143, null)));
        }
    }

    /// <summary>Ends a process, unless it hangs in the kernel: then it ends as soon as it does not.</summary>
    public void Kill(SimulatedProcess process, ProcessExit exit)
    {
        if (!process.IsAlive)
        {
            return;
        }

        if (process.IsUninterruptible)
        {
            process.IsKillPending = true;
            return;
        }

        var port = process.ListensOn;
        Say($"{process} ended with {exit}");
        _zombies.Add(process.Pid);
        scheduler.After(choices.Duration(TimeSpan.FromMicroseconds(1), TimeSpan.FromSeconds(1)), () => _zombies.Remove(process.Pid));
        _alive.Remove(process);
        process.End(exit);
        if (port is { } closed && process.Owner is not null && choices.Chance(0.2))
        {
            Linger(closed, choices.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(5)));
        }
    }

    public void EndUninterruptible()
    {
        foreach (var process in Alive.Where(p => p.IsUninterruptible).ToList())
        {
            process.IsUninterruptible = false;
            if (process.IsKillPending)
            {
                Kill(process, new ProcessExit(null, 9));
            }
        }
    }

    public void Say(string line) => trace.Add(scheduler.Now, line);

    private int NextPid()
    {
        for (var tried = 0; tried < 2 * Pids; tried++)
        {
            if (tried == Pids)
            {
                // Under such a pressure the parents reap at once.
                _zombies.Clear();
            }

            _lastPid = _lastPid + 1 < FirstPid + Pids ? Math.Max(FirstPid, _lastPid + 1) : FirstPid;
            if (!_zombies.Contains(_lastPid) && !(_processes.TryGetValue(_lastPid, out var old) && old.IsAlive))
            {
                return _lastPid;
            }
        }

        throw new InvalidOperationException("there are more processes than PIDs");
    }
}

/// <summary>How a new process of a daemon behaves.</summary>
internal sealed record Behaviour
{
    /// <summary>When a program that writes its own PID file takes the lock and does so.</summary>
    public TimeSpan ClaimsAfter { get; init; } = TimeSpan.FromMilliseconds(2);

    public TimeSpan BindsAfter { get; init; } = TimeSpan.FromMilliseconds(5);

    public TimeSpan HealthyAfter { get; init; } = TimeSpan.FromMilliseconds(5);

    public TimeSpan? ExitsAfter { get; init; }

    public int ExitCode { get; init; }

    public TimeSpan? EndsAfter { get; init; } = TimeSpan.FromMilliseconds(1);

    public int Children { get; init; }

    public bool ClosesLock { get; init; }

    public bool OverwritesEnvironment { get; init; }

    public int Times { get; init; } = int.MaxValue;
}
