namespace MonitorAspire.Supervision.Identity;

/// <summary>A process at one moment, as far as this user may see it.</summary>
internal sealed record ProcessInfo
{
    public required ProcessIdentity Identity { get; init; }

    public int Pid => Identity.Pid;

    /// <summary>PID of the parent; 0 where it is outside this PID namespace or unknown.</summary>
    public int ParentPid { get; init; }

    /// <summary>Session; 0 where it is unknown.</summary>
    public int Session { get; init; }

    /// <summary>State letter of the kernel: <c>R</c> running, <c>S</c> sleeping, <c>Z</c> zombie, <c>T</c> stopped and so on; <c>?</c> where it is unknown.</summary>
    public char State { get; init; } = '?';

    /// <summary>Start time in the unit of <see cref="ProcessIdentity.StartTicks"/>.</summary>
    public long StartTicks => Identity.StartTicks;

    /// <summary>Command name. Linux cuts it to 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>Path of the executable; <see cref="Name"/> where this user may not read it, and for a kernel thread.</summary>
    public required string Executable { get; init; }

    /// <summary>Number of threads; 0 where it is unknown.</summary>
    public int ThreadCount { get; init; }

    /// <summary>Whether it is dead and not yet reaped. A process with state <c>Z</c> and more threads is alive: only its main thread has ended.</summary>
    public bool IsZombie => State is 'X' or 'x' || (State == 'Z' && ThreadCount <= 1);
}
