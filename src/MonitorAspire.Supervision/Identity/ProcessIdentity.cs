namespace MonitorAspire.Supervision.Identity;

/// <summary>
/// Identifies one process. The kernel uses a PID again after the process has ended, but the combination of PID, start time and boot is
/// unique.
/// </summary>
/// <param name="Pid">The process id.</param>
/// <param name="StartTicks">
/// Start time in the kernel's own unit: on Linux clock ticks since boot, field 22 of <c>/proc/PID/stat</c>
/// (<see href="https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html">proc_pid_stat(5)</see>); elsewhere
/// <see cref="DateTime.Ticks"/> of the start time in UTC.
/// </param>
/// <param name="BootId">
/// The boot that the ticks are counted from: <c>/proc/sys/kernel/random/boot_id</c>; empty where the start time is absolute.
/// </param>
public readonly record struct ProcessIdentity(int Pid, long StartTicks, string BootId)
{
    /// <summary>PID and start ticks, for people.</summary>
    public override string ToString() => $"PID {Pid} (started at tick {StartTicks})";
}
