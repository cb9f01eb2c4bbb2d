using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Why a start did not end with a newly verified instance. No reasons are added, so that a consumer can handle all of them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StartupReason>))]
public enum StartupReason
{
    /// <summary>One of our instances already holds the lock of this port.</summary>
    [JsonStringEnumMemberName("already-running")]
    AlreadyRunning,

    /// <summary>Another process listens on the address. The report names it if the platform can tell it.</summary>
    [JsonStringEnumMemberName("port-in-use")]
    PortInUse,

    /// <summary>The lock is held, but there is no instance that serves.</summary>
    [JsonStringEnumMemberName("lock-unavailable")]
    LockUnavailable,

    /// <summary>This user has no permission for a file, a directory, the executable or the port.</summary>
    [JsonStringEnumMemberName("permission-denied")]
    PermissionDenied,

    /// <summary>There is no such executable.</summary>
    [JsonStringEnumMemberName("command-not-found")]
    CommandNotFound,

    /// <summary>The definition is wrong. A retry does not help.</summary>
    [JsonStringEnumMemberName("invalid-configuration")]
    InvalidConfiguration,

    /// <summary>The process ended before it was verified, with any exit code, also 0.</summary>
    [JsonStringEnumMemberName("exited-prematurely")]
    ExitedPrematurely,

    /// <summary>The process serves, but its PID file is missing.</summary>
    [JsonStringEnumMemberName("pid-file-missing")]
    PidFileMissing,

    /// <summary>The PID file names a process that does not belong to this instance.</summary>
    [JsonStringEnumMemberName("pid-mismatch")]
    PidMismatch,

    /// <summary>The process does not listen on its address, or it closed its socket.</summary>
    [JsonStringEnumMemberName("port-not-bound")]
    PortNotBound,

    /// <summary>A process that does not belong to this instance listens on the port.</summary>
    [JsonStringEnumMemberName("port-owned-by-other")]
    PortOwnedByOther,

    /// <summary>The process owns the port, but a connection or a request fails.</summary>
    [JsonStringEnumMemberName("health-unreachable")]
    HealthUnreachable,

    /// <summary>The health path answered with a status other than 200.</summary>
    [JsonStringEnumMemberName("health-status")]
    HealthStatus,

    /// <summary>The health path answered 200, but with the PID or the port of another process.</summary>
    [JsonStringEnumMemberName("health-identity-mismatch")]
    HealthIdentityMismatch,

    /// <summary>The time limit was reached. The report names the stage.</summary>
    [JsonStringEnumMemberName("timed-out")]
    TimedOut,

    /// <summary>The caller cancelled the start.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}
