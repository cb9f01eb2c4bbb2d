using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Up;

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
        FleetEventKind.StateChanged => DaemonStates.Words(happened.Daemon.State),
        FleetEventKind.AlertFired => "ALERT",
        var kind => WireNames.Of(kind).Replace('-', ' '),
    };
}
