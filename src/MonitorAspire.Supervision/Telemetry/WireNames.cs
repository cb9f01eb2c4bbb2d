using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Telemetry;

/// <summary>How the enumerations are written in telemetry: exactly as in the JSON of reports, so that one search finds both.</summary>
public static class WireNames
{
    /// <summary>The stage as in <c>port_bound</c>.</summary>
    /// <param name="stage">The stage.</param>
    public static string Of(StartupStage stage) => stage switch
    {
        StartupStage.Preflight => "preflight",
        StartupStage.Spawn => "spawn",
        StartupStage.PidFile => "pid_file",
        StartupStage.PortBound => "port_bound",
        StartupStage.Health => "health",
        _ => throw new ArgumentOutOfRangeException(nameof(stage), stage, null),
    };

    /// <summary>The verdict as in <c>already-running</c>.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string Of(StartupVerdict verdict) => verdict switch
    {
        StartupVerdict.Verified => "verified",
        StartupVerdict.AlreadyRunning => "already-running",
        StartupVerdict.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, null),
    };

    /// <summary>The reason as in <c>port-in-use</c>.</summary>
    /// <param name="reason">The reason.</param>
    public static string Of(StartupReason reason) => reason switch
    {
        StartupReason.AlreadyRunning => "already-running",
        StartupReason.PortInUse => "port-in-use",
        StartupReason.LockUnavailable => "lock-unavailable",
        StartupReason.PermissionDenied => "permission-denied",
        StartupReason.CommandNotFound => "command-not-found",
        StartupReason.InvalidConfiguration => "invalid-configuration",
        StartupReason.ExitedPrematurely => "exited-prematurely",
        StartupReason.PidFileMissing => "pid-file-missing",
        StartupReason.PidMismatch => "pid-mismatch",
        StartupReason.PortNotBound => "port-not-bound",
        StartupReason.PortOwnedByOther => "port-owned-by-other",
        StartupReason.HealthUnreachable => "health-unreachable",
        StartupReason.HealthStatus => "health-status",
        StartupReason.HealthIdentityMismatch => "health-identity-mismatch",
        StartupReason.TimedOut => "timed-out",
        StartupReason.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    /// <summary>The kind of an alert as in <c>crash-loop</c>.</summary>
    /// <param name="kind">The kind.</param>
    public static string Of(AlertKind kind) => kind switch
    {
        AlertKind.StartFailures => "start-failures",
        AlertKind.CrashLoop => "crash-loop",
        AlertKind.HealthLost => "health-lost",
        AlertKind.CannotStart => "cannot-start",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>The name of a check as in <c>pid-file</c>.</summary>
    /// <param name="check">The check.</param>
    public static string Of(CheckName check) => check switch
    {
        CheckName.PidFile => "pid-file",
        CheckName.Port => "port",
        CheckName.Health => "health",
        _ => throw new ArgumentOutOfRangeException(nameof(check), check, null),
    };

    /// <summary>The verdict of a stop as in <c>not-running</c>.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string Of(StopVerdict verdict) => verdict switch
    {
        StopVerdict.Stopped => "stopped",
        StopVerdict.NotRunning => "not-running",
        StopVerdict.Foreign => "foreign",
        StopVerdict.PermissionDenied => "permission-denied",
        StopVerdict.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, null),
    };

    /// <summary>The verdict of an inspection as in <c>not-running</c>.</summary>
    /// <param name="verdict">The verdict.</param>
    public static string Of(InspectionVerdict verdict) => verdict switch
    {
        InspectionVerdict.Running => "running",
        InspectionVerdict.Starting => "starting",
        InspectionVerdict.Unhealthy => "unhealthy",
        InspectionVerdict.Dead => "dead",
        InspectionVerdict.NotRunning => "not-running",
        InspectionVerdict.Foreign => "foreign",
        InspectionVerdict.Unknown => "unknown",
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict, null),
    };

    /// <summary>The severity of a finding as in <c>warning</c>.</summary>
    /// <param name="severity">The severity.</param>
    public static string Of(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Info => "info",
        FindingSeverity.Warning => "warning",
        FindingSeverity.Error => "error",
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, null),
    };
}
