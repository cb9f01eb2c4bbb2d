using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Why a start did not end in a newly verified instance. The set is closed: every consumer may switch over it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StartupReason>))]
public enum StartupReason
{
    /// <summary>An instance of ours already has the lock of this port.</summary>
    [JsonStringEnumMemberName("already-running")]
    AlreadyRunning,

    /// <summary>Somebody listens on the address already; the report names the owner where the platform tells it.</summary>
    [JsonStringEnumMemberName("port-in-use")]
    PortInUse,

    /// <summary>The lock is held, but not by an instance that serves.</summary>
    [JsonStringEnumMemberName("lock-unavailable")]
    LockUnavailable,

    /// <summary>A file, directory, executable or port is not permitted to this user.</summary>
    [JsonStringEnumMemberName("permission-denied")]
    PermissionDenied,

    /// <summary>There is no such executable.</summary>
    [JsonStringEnumMemberName("command-not-found")]
    CommandNotFound,

    /// <summary>The specification cannot work whatever is tried.</summary>
    [JsonStringEnumMemberName("invalid-configuration")]
    InvalidConfiguration,

    /// <summary>The process ended before it was verified, with whatever exit code, zero included.</summary>
    [JsonStringEnumMemberName("exited-prematurely")]
    ExitedPrematurely,

    /// <summary>The process serves, but its PID file is missing.</summary>
    [JsonStringEnumMemberName("pid-file-missing")]
    PidFileMissing,

    /// <summary>The PID file names a process that does not belong to this instance.</summary>
    [JsonStringEnumMemberName("pid-mismatch")]
    PidMismatch,

    /// <summary>The process listens, but not where it was told to; or it closed its socket.</summary>
    [JsonStringEnumMemberName("port-not-bound")]
    PortNotBound,

    /// <summary>The port is listened on by a process that does not belong to this instance.</summary>
    [JsonStringEnumMemberName("port-owned-by-other")]
    PortOwnedByOther,

    /// <summary>The process owns the port, but a connection or a request fails.</summary>
    [JsonStringEnumMemberName("health-unreachable")]
    HealthUnreachable,

    /// <summary>The health path answered with a status other than 200.</summary>
    [JsonStringEnumMemberName("health-status")]
    HealthStatus,

    /// <summary>The health path answered 200, but with the PID or the port of somebody else.</summary>
    [JsonStringEnumMemberName("health-identity-mismatch")]
    HealthIdentityMismatch,

    /// <summary>The time was up; the report names the stage that the start hung in.</summary>
    [JsonStringEnumMemberName("timed-out")]
    TimedOut,

    /// <summary>The caller gave up.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,
}
