namespace MonitorAspire.Supervision.Identity;

/// <summary>A process with a descriptor that holds the <c>flock</c> of a file, inherited or not.</summary>
/// <param name="Pid">The process.</param>
/// <param name="RootPid">
/// PID of the root that our launcher, or a daemon that claimed its files itself, noted in the open file description
/// (<see cref="Files.InstanceLock.MarkRoot"/>); 0 for a lock that another program took.
/// </param>
/// <param name="IsShared">Whether the lock is shared. An instance never holds a shared lock.</param>
internal readonly record struct LockHolder(int Pid, int RootPid, bool IsShared)
{
    /// <summary>Whether the lock is the lock of an instance of ours.</summary>
    public bool IsOurs => !IsShared && RootPid > 0;
}
