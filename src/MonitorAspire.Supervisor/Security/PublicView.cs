using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervisor.Security;

/// <summary>
/// What requests without the token see of daemons and events. All free text is left out, because it may quote what a daemon printed or
/// answered: log tails, details, notes, messages.
/// </summary>
internal static class PublicView
{
    /// <summary>A daemon as this request may see it.</summary>
    internal static DaemonSnapshot View(this HttpContext context, DaemonSnapshot daemon) => context.HasToken() ? daemon : Of(daemon);

    /// <summary>An event as this request may see it.</summary>
    internal static FleetEvent View(this HttpContext context, FleetEvent happened) => context.HasToken() ? happened : Of(happened);

    private static DaemonSnapshot Of(DaemonSnapshot daemon) => daemon with
    {
        LastFailure = daemon.LastFailure is { } failure ? failure with { Detail = null, LogTail = [] } : null,
        Checks = [.. daemon.Checks.Select(c => c with { Detail = null })],
    };

    private static FleetEvent Of(FleetEvent happened) => happened with
    {
        Daemon = Of(happened.Daemon),
        Report = happened.Report is { } report ? report with { Detail = null, LogTail = [], Notes = [] } : null,
        Message = null,
        Alert = happened.Alert is { } alert ? alert with { Message = WireNames.Of(alert.Kind) } : null,
    };
}
