using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli.Up;

/// <summary>An event of a fleet as one line.</summary>
internal static class FleetEventLine
{
    /// <summary>The line; <see langword="null"/> for what is only of interest while it is looked at (a stage that passed).</summary>
    internal static string? Render(FleetEvent happened)
    {
        if (happened is { Kind: FleetEventKind.StateChanged, Daemon: { State: DaemonState.Starting, Stage: not null } })
        {
            return null;
        }

        var daemon = happened.Daemon;
        var pid = daemon.Pid is { } p ? string.Create(CultureInfo.InvariantCulture, $", PID {p}") : "";
        var took = happened is { Kind: FleetEventKind.StartVerified, Report: { } report } ? $", verified in {Durations.OfMilliseconds(report.TotalMs)}" : "";
        var message = happened.Message is { Length: > 0 } text ? $": {text}" : "";
        return Printable.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{happened.At.ToLocalTime():yyyy-MM-ddTHH:mm:sszzz} {daemon.Name} (port {daemon.Port}) {Kind(happened)}{pid}{took}{message}"));
    }

    private static string Kind(FleetEvent happened) => happened.Kind switch
    {
        FleetEventKind.StateChanged => happened.Daemon.State.ToString().ToLowerInvariant(),
        FleetEventKind.StartVerified => "start verified",
        FleetEventKind.StartFailed => "start failed",
        FleetEventKind.AlertFired => "ALERT",
        FleetEventKind.AlertResolved => "alert resolved",
        var kind => kind.ToString().ToLowerInvariant(),
    };
}
