using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervisor.Security;

/// <summary>What requests without the token see of daemons and events. Text that may quote what a daemon printed or answered is left out:
/// log tails, messages, details of checks, and details of failures unless they are about ports, files and permissions only.</summary>
internal static class PublicView
{
    internal static DaemonSnapshot View(this HttpContext context, DaemonSnapshot daemon) => context.HasToken() ? daemon : Of(daemon);

    internal static FleetEvent View(this HttpContext context, FleetEvent happened) => context.HasToken() ? happened : Of(happened);

    private static DaemonSnapshot Of(DaemonSnapshot daemon) => daemon with
    {
        LastFailure = daemon.LastFailure is { } failure ? failure with { Detail = Detail(failure.Reason, failure.Detail), HealthAnswer = null, LogTail = [] } : null,
        Checks = [.. daemon.Checks.Select(c => c with { Detail = null, Answer = null })],
    };

    private static FleetEvent Of(FleetEvent happened) => happened with
    {
        Daemon = Of(happened.Daemon),
        Report = happened.Report is { } report ? report with { Detail = Detail(report.Reason, report.Detail), HealthAnswer = null, LogTail = [] } : null,
        Message = null,
        Alert = happened.Alert is { } alert ? alert with { Message = WireNames.Of(alert.Kind) } : null,
    };

    private static string? Detail(StartupReason? reason, string? detail) => reason is
        StartupReason.AlreadyRunning or StartupReason.PortInUse or StartupReason.PortOwnedByOther or StartupReason.PortNotBound
        or StartupReason.LockUnavailable or StartupReason.PidFileMissing or StartupReason.PidMismatch
        or StartupReason.PermissionDenied or StartupReason.CommandNotFound or StartupReason.MemoryLimit ? detail : null;
}
