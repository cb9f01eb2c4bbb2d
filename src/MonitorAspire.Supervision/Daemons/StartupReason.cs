using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Why a start did not end with a newly verified instance, or why a running one was given up. No reasons are added, so that a consumer can handle all of them.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<StartupReason>))]
public enum StartupReason
{
    /// <summary>One of our instances already holds the lock of this port.</summary>
    AlreadyRunning,

    /// <summary>Another process listens on the address. The report names it if the platform can tell it.</summary>
    PortInUse,

    /// <summary>The lock is held, but there is no instance that serves; or lock, log or record cannot be written now (no space, no descriptors).</summary>
    LockUnavailable,

    /// <summary>This user has no permission for a file, a directory, the executable or the port.</summary>
    PermissionDenied,

    /// <summary>There is no such executable.</summary>
    CommandNotFound,

    /// <summary>The definition is wrong. A retry helps only where the report says that the trouble is passing: a missing directory, a host name without an address.</summary>
    InvalidConfiguration,

    /// <summary>The process ended before it was verified, with any exit code, also 0.</summary>
    ExitedPrematurely,

    /// <summary>The process serves, but its PID file is missing.</summary>
    PidFileMissing,

    /// <summary>The PID file names a process that does not belong to this instance.</summary>
    PidMismatch,

    /// <summary>The process does not listen on its address, or it closed its socket.</summary>
    PortNotBound,

    /// <summary>A process that does not belong to this instance listens on the port.</summary>
    PortOwnedByOther,

    /// <summary>The process owns the port, but a connection or a request fails.</summary>
    HealthUnreachable,

    /// <summary>The health path answered with a status other than 200.</summary>
    HealthStatus,

    /// <summary>The health path answered 200, but with the PID or the port of another process.</summary>
    HealthIdentityMismatch,

    /// <summary>The time limit was reached. The report names the stage. In the stage spawn: the system refused to execute the command for that time.</summary>
    TimedOut,

    /// <summary>The caller cancelled the start.</summary>
    Cancelled,

    /// <summary>Not of a start: the memory of a running daemon was above its limit, and so it was restarted.</summary>
    MemoryLimit,
}
