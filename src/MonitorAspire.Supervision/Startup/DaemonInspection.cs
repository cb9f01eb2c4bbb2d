using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Options of one inspection.</summary>
public sealed record InspectOptions
{
    /// <summary>Time limit of the health check. Default: that of the daemon's own liveness limits, else 2 seconds.</summary>
    public TimeSpan? HealthTimeout { get; init; }

    /// <summary>Whether the health check is made. Default true.</summary>
    public bool ProbeHealth { get; init; } = true;

    /// <summary>
    /// Whether the caller inspects the daemon again and again, as a supervisor does. It then listens to what a daemon with the health check
    /// <see cref="HealthCheckKind.Notify"/> sends. Default false.
    /// </summary>
    public bool KeepsWatch { get; init; }

    /// <summary>Whether memory and processor time of the daemon's processes are measured. Default false: the memory only where the daemon has a limit. Linux.</summary>
    public bool MeasuresUse { get; init; }

    /// <summary>
    /// The process that the daemon's launcher has named to this program. It needs no other proof. Default <see langword="null"/>: lock, session or
    /// instance id prove the instance.
    /// </summary>
    public ProcessIdentity? Told { get; init; }
}

/// <summary>Result of an inspection.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<InspectionVerdict>))]
public enum InspectionVerdict
{
    /// <summary>A proven instance that owns its port and is healthy.</summary>
    Running,

    /// <summary>A proven instance that is being started: its launcher has not verified it yet.</summary>
    Starting,

    /// <summary>A proven instance that lives, but does not own its port or is not healthy.</summary>
    Unhealthy,

    /// <summary>No instance, but a PID file of one that has ended.</summary>
    Dead,

    /// <summary>No instance, no PID file, and no process on the port.</summary>
    NotRunning,

    /// <summary>No instance of ours; the port or the PID file belongs to a process that is not provably ours.</summary>
    Foreign,

    /// <summary>It cannot be told, mostly because this user may not see enough.</summary>
    Unknown,
}

/// <summary>One daemon at one moment, seen from outside.</summary>
public sealed record DaemonInspection
{
    /// <summary>The daemon's name.</summary>
    public required string Name { get; init; }

    /// <summary>The daemon's host.</summary>
    public required string Host { get; init; }

    /// <summary>The daemon's port.</summary>
    public required int Port { get; init; }

    /// <summary>The result.</summary>
    public required InspectionVerdict Verdict { get; init; }

    /// <summary>The reason where something is wrong; otherwise <see langword="null"/>.</summary>
    public StartupReason? Reason { get; init; }

    /// <summary>What was seen, for people.</summary>
    public string? Detail { get; init; }

    /// <summary>PID of the proven living instance.</summary>
    public int? Pid { get; init; }

    /// <summary>
    /// Proof of the identity: <c>lock</c>, <c>session</c>, <c>control-group</c>, <c>instance-id</c>, <c>log</c> or <c>launcher</c>; <c>record</c> on a platform that shows none of
    /// them; <see langword="null"/> where there is none.
    /// </summary>
    public string? IdentityProof { get; init; }

    /// <summary>Whether any process holds the lock of the port.</summary>
    public bool LockHeld { get; init; }

    /// <summary>State of the PID file: <c>ok</c>, <c>missing</c>, <c>empty</c>, <c>malformed</c>, <c>symlink</c>, <c>not-a-file</c>, <c>unreadable</c>, <c>stale</c>, <c>mismatch</c>.</summary>
    public required string PidFileState { get; init; }

    /// <summary>The PID in the PID file, where it could be read.</summary>
    public int? PidInFile { get; init; }

    /// <summary>Whether a listening socket on host and port belongs to the instance; <see langword="null"/> where the platform cannot tell.</summary>
    public bool? OwnsPort { get; init; }

    /// <summary>Another process that listens on the port too, on another address or with SO_REUSEPORT, while the instance has its own socket.</summary>
    public PortOwner? Contested { get; init; }

    /// <summary>All processes that listen on the port, ours and others.</summary>
    public IReadOnlyList<PortOwner> Listeners { get; init; } = [];

    /// <summary>Whether the health check passed; <see langword="null"/> where it was not made.</summary>
    public bool? Healthy { get; init; }

    /// <summary>Whether the health check could not be made because this process has no descriptor left.</summary>
    internal bool IsOwnTrouble { get; init; }

    /// <summary>Whether the record of the living instance is missing, or is about another process.</summary>
    internal bool IsRecordLost { get; init; }

    /// <summary>What the health check asked and measured, for people.</summary>
    public string? HealthDetail { get; init; }

    /// <summary>HTTP status of the health check, or the exit code of a command.</summary>
    public int? HealthStatus { get; init; }

    /// <summary>The first lines of a failing answer's body, or the last lines that a failing command wrote, see <see cref="HealthCheckAnswer"/>.</summary>
    public IReadOnlyList<string> HealthBody { get; init; } = [];

    /// <summary>Duration of the health check in milliseconds.</summary>
    public double? HealthMs { get; init; }

    /// <summary>Resident memory of the daemon's processes in bytes; <see langword="null"/> where it was not measured. Linux.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>
    /// Processor time in milliseconds that the daemon's processes have used, with their children that have ended; <see langword="null"/> where it
    /// was not measured.
    /// </summary>
    public double? CpuMs { get; init; }

    /// <summary>When the instance was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Restarts so far, from the instance record.</summary>
    public int Restarts { get; init; }

    /// <summary>Command line of the instance, from its record.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>What the supervisor that looks after the daemon says; <see langword="null"/> where none was asked, or none looks after it.</summary>
    public SupervisorView? Supervisor { get; init; }

    /// <summary>The daemon's PID file.</summary>
    public required string PidFile { get; init; }

    /// <summary>The daemon's log file.</summary>
    public required string LogFile { get; init; }
}

/// <summary>What a supervisor says of a daemon: what it waits for, and when it is tried again.</summary>
/// <param name="State">The daemon's state.</param>
public sealed record SupervisorView(DaemonState State)
{
    /// <summary>The names of the daemons that it waits for, in the state <see cref="DaemonState.Waiting"/>; otherwise empty.</summary>
    public IReadOnlyList<string> WaitingFor { get; init; } = [];

    /// <summary>When the next try comes, in the states Backoff, CrashLooping and Foreign.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Failures since the last verified start that lasted.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>Reason of the last failure, which is kept after a recovery.</summary>
    public StartupReason? LastFailure { get; init; }

    /// <summary>The last failure for people, where the supervisor tells it.</summary>
    public string? LastFailureDetail { get; init; }
}
