using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// The processes of this machine and what identifies them. Everything is read afresh at each call, nothing is cached but what
/// cannot change while this process lives (boot id, length of a tick).
/// </summary>
public sealed class ProcessTable
{
    private readonly IProcessSource _source;

    /// <summary>Makes a table on another <c>/proc</c>, for tests with recorded files.</summary>
    /// <param name="root">Absolute path of the directory.</param>
    /// <param name="mayExist">Whether a PID that has no entry may exist all the same. Default: it does not.</param>
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

    /// <summary>Which boot start ticks count from; empty where start times are absolute.</summary>
    public string BootId => _source.BootId;

    /// <summary>How many start ticks make a second.</summary>
    public long TicksPerSecond => _source.TicksPerSecond;

    /// <summary>Who has this PID: a living process, nobody (a zombie is nobody), or somebody that this user may not inspect.</summary>
    /// <param name="pid">The PID.</param>
    public ProcessLookup Lookup(int pid) => _source.Lookup(pid);

    /// <summary>The identity of the living process with this PID; <see langword="null"/> when there provably is none (none at all, or a zombie).</summary>
    /// <param name="pid">The PID.</param>
    /// <exception cref="UnauthorizedAccessException">There may be one, but this user may not inspect it: it is foreign.</exception>
    public ProcessIdentity? Identify(int pid) => Lookup(pid) switch
    {
        { Presence: ProcessPresence.CannotInspect } => throw new UnauthorizedAccessException(
            $"PID {pid} may be a process, but this user may not inspect it."),
        var lookup => lookup.Identity,
    };

    /// <summary>Whether this very process life provably goes on: same PID, start ticks and boot, and no zombie.</summary>
    /// <param name="identity">The process.</param>
    public bool IsAlive(ProcessIdentity identity) =>
        identity.BootId == BootId && Lookup(identity.Pid) is { Presence: ProcessPresence.Alive } lookup && lookup.Identity == identity;

    /// <summary>
    /// Whether this very process life is provably over. Not the opposite of <see cref="IsAlive"/>: both are false for a process
    /// that this user may not inspect.
    /// </summary>
    /// <param name="identity">The process.</param>
    public bool IsGone(ProcessIdentity identity) =>
        identity.BootId != BootId || Lookup(identity.Pid) switch
        {
            { Presence: ProcessPresence.CannotInspect } => false,
            var lookup => lookup.Identity != identity,
        };

    /// <summary>All that can be seen of a process, zombies included; <see langword="null"/> when there is none or nothing can be seen.</summary>
    /// <param name="pid">The PID.</param>
    public ProcessInfo? Describe(int pid) => _source.Describe(pid);

    /// <summary>
    /// Of processes that have the same thing open, the one that opened it: its parent is none of them. The others inherited it, as workers do, and for
    /// an instant every child that was forked and has not executed anything yet.
    /// </summary>
    /// <param name="pids">The processes.</param>
    /// <returns><see langword="null"/> when none of them can be seen any more.</returns>
    public ProcessInfo? EldestOf(IReadOnlyCollection<int> pids)
    {
        ArgumentNullException.ThrowIfNull(pids);
        var seen = pids.Select(Describe).OfType<ProcessInfo>().ToList();
        return seen.Find(info => !pids.Contains(info.ParentPid)) ?? seen.FirstOrDefault();
    }

    /// <summary>
    /// All visible processes, zombies included, with what kinship needs: command lines and users, which cost more than all the
    /// rest, are left to <see cref="Describe"/>.
    /// </summary>
    public IReadOnlyList<ProcessInfo> Snapshot() => _source.Snapshot();

    /// <summary>Children, grandchildren and so on of a process, without itself, parents before their children. Zombies are left out.</summary>
    /// <param name="root">The process.</param>
    /// <param name="snapshot">The processes to look among, out of <see cref="Snapshot"/>. Default: all there are now.</param>
    public IReadOnlyList<ProcessInfo> DescendantsOf(ProcessIdentity root, IReadOnlyList<ProcessInfo>? snapshot = null) =>
        ProcessTree.DescendantsOf(root, snapshot ?? Snapshot());

    /// <summary>
    /// Living processes, other than itself, in the session that a session leader founded, also after its own death: this finds
    /// the descendants that were orphaned. Empty when the PID belongs to another process life by now.
    /// </summary>
    /// <param name="leader">The session leader.</param>
    /// <param name="snapshot">The processes to look among, out of <see cref="Snapshot"/>. Default: all there are now.</param>
    public IReadOnlyList<ProcessInfo> SessionOf(ProcessIdentity leader, IReadOnlyList<ProcessInfo>? snapshot = null) =>
        ProcessTree.SessionOf(leader, snapshot ?? Snapshot());

    /// <summary>
    /// PIDs of the processes with a descriptor that holds an exclusive <c>flock</c> on the file, inherited or own. A process
    /// that merely has the file open is none. Processes of other users are seen by root alone.
    /// </summary>
    /// <param name="lockFilePath">Absolute path of the lock file.</param>
    public IReadOnlyList<int> LockHolders(string lockFilePath) => _source.LockHolders(lockFilePath);

    /// <summary>Whether this process has a descriptor that holds an exclusive <c>flock</c> on the file.</summary>
    /// <param name="pid">The PID.</param>
    /// <param name="lockFilePath">Absolute path of the lock file.</param>
    public bool HoldsLock(int pid, string lockFilePath) => _source.HoldsLock(pid, lockFilePath);

    /// <summary>
    /// Whether the process was executed with exactly this variable in its environment: proof of descent for a daemon that forked
    /// twice and closed all its descriptors. False where this user may not see it.
    /// </summary>
    /// <param name="pid">The PID.</param>
    /// <param name="name">The variable.</param>
    /// <param name="value">Its value, compared byte by byte.</param>
    public bool HasEnvironment(int pid, string name, string value) => _source.HasEnvironment(pid, name, value);

    /// <summary>When the process was started, to about a second: the kernel gives its own start in whole seconds of the wall clock.</summary>
    /// <param name="identity">The process, of this boot.</param>
    public DateTimeOffset StartTimeOf(ProcessIdentity identity) => _source.StartTimeOf(identity);
}
