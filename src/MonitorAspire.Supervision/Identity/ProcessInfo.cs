namespace MonitorAspire.Supervision.Identity;

/// <summary>One process at one moment, as far as this user may see it.</summary>
public sealed record ProcessInfo
{
    /// <summary>Which process life this is.</summary>
    public required ProcessIdentity Identity { get; init; }

    /// <summary>The PID.</summary>
    public int Pid => Identity.Pid;

    /// <summary>PID of the parent; 0 where it is outside this PID namespace or not to be told.</summary>
    public int ParentPid { get; init; }

    /// <summary>Process group; 0 where not to be told.</summary>
    public int ProcessGroup { get; init; }

    /// <summary>Session; 0 where not to be told.</summary>
    public int Session { get; init; }

    /// <summary>State letter of the kernel: <c>R</c> running, <c>S</c> sleeping, <c>Z</c> zombie, <c>T</c> stopped and so on; <c>?</c> where not to be told.</summary>
    public char State { get; init; } = '?';

    /// <summary>Start time in the unit of <see cref="ProcessIdentity.StartTicks"/>.</summary>
    public long StartTicks => Identity.StartTicks;

    /// <summary>Real user id of its owner, or <see langword="null"/> where not to be told and in a snapshot.</summary>
    public uint? Uid { get; init; }

    /// <summary>Command name, on Linux cut to 15 bytes by the kernel.</summary>
    public required string Name { get; init; }

    /// <summary>Path of the executable, or <see cref="Name"/> where this user may not see it (or a kernel thread has none).</summary>
    public required string Executable { get; init; }

    /// <summary>The command line, one element an argument, nothing joined; empty for a zombie, for a kernel thread and in a snapshot.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>How many threads it has; 0 where not to be told.</summary>
    public int ThreadCount { get; init; }

    /// <summary>
    /// Whether it is dead and only waits to be reaped. <c>Z</c> with further threads is none: only its main thread has ended.
    /// </summary>
    public bool IsZombie => State is 'X' or 'x' || (State == 'Z' && ThreadCount <= 1);
}
