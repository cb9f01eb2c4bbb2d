namespace MonitorAspire.Supervision.Identity;

/// <summary>A process with a descriptor that holds the <c>flock</c> of a file, inherited or not.</summary>
/// <param name="Pid">The process.</param>
/// <param name="RootPid">
/// PID of the root that our launcher, or a daemon that claimed its files itself, noted in the open file description
/// (<see cref="Files.InstanceLock.MarkRoot"/>); 0 for a lock that another program took.
/// </param>
/// <param name="IsShared">Whether the lock is shared. An instance never holds a shared lock.</param>
/// <param name="IsDeleted">
/// Whether the file was deleted and only its name is the same. In a container with the same paths that is another file.
/// </param>
internal readonly record struct LockHolder(int Pid, int RootPid, bool IsShared, bool IsDeleted = false)
{
    /// <summary>Whether the lock is the lock of an instance, here or, where the file was deleted, maybe elsewhere.</summary>
    public bool IsOfAnInstance => !IsShared && RootPid > 0;

    /// <summary>Whether the lock is provably the lock of the port's instance.</summary>
    public bool IsOurs => IsOfAnInstance && !IsDeleted;
}
