using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// The processes of a machine and their identities. Each call reads the current state. Only what cannot change (boot id, length of a
/// tick) is cached. A table never guesses what the platform does not tell.
/// </summary>
internal abstract class ProcessTable
{
    /// <summary>The table of the machine that this program runs on.</summary>
    public static ProcessTable Current { get; } = OperatingSystem.IsLinux() ? new LinuxProcesses(new ProcFiles("/proc")) : new PortableProcesses();

    /// <summary>The files that are read; <see langword="null"/> on a platform without <c>/proc</c>.</summary>
    public virtual ProcFiles? Files => null;

    /// <summary>The boot that start ticks are counted from; empty where start times are absolute.</summary>
    public virtual string BootId => "";

    /// <summary>Whether the PID belongs to a living process. A zombie is dead.</summary>
    public abstract ProcessLookup Lookup(int pid);

    /// <summary>The process with this PID, also a zombie; <see langword="null"/> when there is none or it cannot be read.</summary>
    public abstract ProcessInfo? Describe(int pid);

    /// <summary>The executable as in <see cref="Describe"/>; <see langword="null"/> when there is no such process or it cannot be read.</summary>
    public virtual string? ExecutableOf(int pid) => Describe(pid)?.Executable;

    /// <summary>All visible processes, also zombies. Threads of the kernel are none.</summary>
    public abstract IReadOnlyList<ProcessInfo> Snapshot();

    /// <summary>
    /// The processes with a descriptor that holds a <c>flock</c> on the file (an absolute path), inherited or not, exclusive or shared. A process
    /// that only has the file open is not among them. Only root sees processes of other users.
    /// </summary>
    public IReadOnlyList<LockHolder> HoldersOf(string lockFilePath) => [.. HoldersOf([lockFilePath])[lockFilePath]];

    /// <summary>The same for the locks of several files, in one look at all processes.</summary>
    public virtual ILookup<string, LockHolder> HoldersOf(IReadOnlyCollection<string> lockFilePaths) => Enumerable.Empty<LockHolder>().ToLookup(_ => "");

    /// <summary>The same for one process; <see langword="null"/> where it holds none or this user may not see it.</summary>
    public virtual LockHolder? HolderOf(int pid, string lockFilePath) => null;

    /// <summary>Whether this process holds the lock of another instance than this file's.</summary>
    public virtual bool HoldsAnotherLock(int pid, string lockFilePath) => false;

    /// <summary>The PID of a process in its own PID namespace: what it calls itself, for example in a container. The same PID where there is no other namespace.</summary>
    public virtual int InnermostPid(int pid) => pid;

    /// <summary>PIDs of the processes that hold an exclusive <c>flock</c> on the file.</summary>
    public IReadOnlyList<int> LockHolders(string lockFilePath) => [.. HoldersOf(lockFilePath).Where(h => !h.IsShared).Select(h => h.Pid)];

    /// <summary>Whether this process has a descriptor that holds an exclusive <c>flock</c> on the file.</summary>
    public bool HoldsLock(int pid, string lockFilePath) => HolderOf(pid, lockFilePath) is { IsShared: false };

    /// <summary>
    /// One of the processes that hold an exclusive <c>flock</c> on the file: the one that took it, where that lives. To find another one, the
    /// descriptors of all processes are read. <see langword="null"/> where none is seen.
    /// </summary>
    public int? FindLockHolder(string lockFilePath) =>
        LockTakers(lockFilePath).Cast<int?>().FirstOrDefault(pid => HoldsLock(pid!.Value, lockFilePath)) ?? LockHolders(lockFilePath).Cast<int?>().FirstOrDefault();

    /// <summary>Processes that may have taken an exclusive <c>flock</c> on the file, and may have ended.</summary>
    protected virtual IReadOnlyList<int> LockTakers(string lockFilePath) => [];

    /// <summary>When a process of this boot was started, to about a second: the kernel gives its own start in whole seconds of the wall clock.</summary>
    public abstract DateTimeOffset StartTimeOf(ProcessIdentity identity);

    /// <summary>The identity of the living process with this PID; <see langword="null"/> when there is none.</summary>
    /// <exception cref="UnauthorizedAccessException">There may be one, but this user may not inspect it.</exception>
    public ProcessIdentity? Identify(int pid) => Lookup(pid) switch
    {
        { Presence: ProcessPresence.CannotInspect } => throw new UnauthorizedAccessException($"PID {pid} may be a process, but this user may not inspect it."),
        var lookup => lookup.Identity,
    };

    /// <summary>Whether exactly this process is provably alive: same PID, start ticks and boot, and no zombie.</summary>
    public bool IsAlive(ProcessIdentity identity) =>
        identity.BootId == BootId && Lookup(identity.Pid) is { Presence: ProcessPresence.Alive } lookup && lookup.Identity == identity;

    /// <summary>Whether exactly this process has provably ended. Neither this nor <see cref="IsAlive"/> holds where this user may not inspect it.</summary>
    public bool IsGone(ProcessIdentity identity) =>
        identity.BootId != BootId || (Lookup(identity.Pid) is var lookup && lookup.Presence != ProcessPresence.CannotInspect && lookup.Identity != identity);

    /// <summary>The process that opened a descriptor which all of these have: its parent is not among them. Null when none can be seen any more.</summary>
    public ProcessInfo? EldestOf(IReadOnlyCollection<int> pids)
    {
        // The others inherited it, like workers, or like a child between fork and exec.
        var seen = pids.Select(Describe).OfType<ProcessInfo>().ToList();
        return seen.Find(info => !pids.Contains(info.ParentPid)) ?? seen.FirstOrDefault();
    }
}
