using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// The processes of this machine and their identities. Each call reads the current state. Only what cannot change (boot id, length of a
/// tick) is cached.
/// </summary>
internal sealed class ProcessTable
{
    private readonly IProcessSource _source;

    /// <summary>Creates a table from a directory with the layout of <c>/proc</c>.</summary>
    /// <param name="root">Absolute path of the directory.</param>
    /// <param name="mayExist">Whether a PID without an entry may exist. Default: see <see cref="LinuxProcesses"/>.</param>
    internal ProcessTable(string root, Func<int, bool>? mayExist = null)
    {
        Files = new ProcFiles(root);
        _source = new LinuxProcesses(Files, mayExist);
    }

    private ProcessTable() => _source = new PortableProcesses();

    /// <summary>The table of the machine that this program runs on.</summary>
    public static ProcessTable Current { get; } = OperatingSystem.IsLinux() ? new ProcessTable("/proc") : new ProcessTable();

    /// <summary>The files that are read; <see langword="null"/> on a platform without <c>/proc</c>.</summary>
    internal ProcFiles? Files { get; }

    /// <summary>The boot that start ticks are counted from; empty where start times are absolute.</summary>
    public string BootId => _source.BootId;

    /// <summary>Whether the PID belongs to a living process. A zombie is dead.</summary>
    /// <param name="pid">The PID.</param>
    public ProcessLookup Lookup(int pid) => _source.Lookup(pid);

    /// <summary>The identity of the living process with this PID; <see langword="null"/> when there is none.</summary>
    /// <param name="pid">The PID.</param>
    /// <exception cref="UnauthorizedAccessException">There may be one, but this user may not inspect it.</exception>
    public ProcessIdentity? Identify(int pid) => Lookup(pid) switch
    {
        { Presence: ProcessPresence.CannotInspect } => throw new UnauthorizedAccessException(
            $"PID {pid} may be a process, but this user may not inspect it."),
        var lookup => lookup.Identity,
    };

    /// <summary>Whether exactly this process is provably alive: same PID, start ticks and boot, and no zombie.</summary>
    /// <param name="identity">The process.</param>
    public bool IsAlive(ProcessIdentity identity) =>
        identity.BootId == BootId && Lookup(identity.Pid) is { Presence: ProcessPresence.Alive } lookup && lookup.Identity == identity;

    /// <summary>
    /// Whether exactly this process has provably ended. Both this and <see cref="IsAlive"/> are false for a process that this user may not
    /// inspect.
    /// </summary>
    /// <param name="identity">The process.</param>
    public bool IsGone(ProcessIdentity identity) =>
        identity.BootId != BootId || Lookup(identity.Pid) switch
        {
            { Presence: ProcessPresence.CannotInspect } => false,
            var lookup => lookup.Identity != identity,
        };

    /// <summary>The process with this PID, also a zombie; <see langword="null"/> when there is none or it cannot be read.</summary>
    /// <param name="pid">The PID.</param>
    public ProcessInfo? Describe(int pid) => _source.Describe(pid);

    /// <summary>
    /// Of processes that have the same descriptor open, the one that opened it: its parent is not among them. The others inherited the
    /// descriptor, like workers, or like a child between fork and exec.
    /// </summary>
    /// <param name="pids">The processes.</param>
    /// <returns><see langword="null"/> when none of them can be seen any more.</returns>
    public ProcessInfo? EldestOf(IReadOnlyCollection<int> pids)
    {
        ArgumentNullException.ThrowIfNull(pids);
        var seen = pids.Select(Describe).OfType<ProcessInfo>().ToList();
        return seen.Find(info => !pids.Contains(info.ParentPid)) ?? seen.FirstOrDefault();
    }

    /// <summary>All visible processes, also zombies.</summary>
    public IReadOnlyList<ProcessInfo> Snapshot() => _source.Snapshot();

    /// <summary>
    /// PIDs of the processes with a descriptor that holds an exclusive <c>flock</c> on the file, inherited or not. A process that only has
    /// the file open is not among them. Only root sees processes of other users.
    /// </summary>
    /// <param name="lockFilePath">Absolute path of the lock file.</param>
    public IReadOnlyList<int> LockHolders(string lockFilePath) => _source.LockHolders(lockFilePath);

    /// <summary>Whether this process has a descriptor that holds an exclusive <c>flock</c> on the file.</summary>
    /// <param name="pid">The PID.</param>
    /// <param name="lockFilePath">Absolute path of the lock file.</param>
    public bool HoldsLock(int pid, string lockFilePath) => _source.HoldsLock(pid, lockFilePath);

    /// <summary>When the process was started, to about a second: the kernel gives its own start in whole seconds of the wall clock.</summary>
    /// <param name="identity">The process, of this boot.</param>
    public DateTimeOffset StartTimeOf(ProcessIdentity identity) => _source.StartTimeOf(identity);
}
