using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Fleet;

internal static class FleetTable
{
    internal static IReadOnlyList<string> Render(IReadOnlyList<DaemonSnapshot> daemons, DateTimeOffset now, bool colour)
    {
        var table = new Table("NAME", "PORT", "STATE", "PID", "VERIFIED", "UPTIME", "RESTARTS", "URL");
        foreach (var d in daemons)
        {
            table.Add(
                new Cell(d.Name, Tone.Strong),
                d.Port.ToString(CultureInfo.InvariantCulture),
                new Cell(State(d.State, d.Stage, d.WaitingFor, d.NextAttemptAt, now), ToneOf(d.State)),
                d.Pid?.ToString(CultureInfo.InvariantCulture),
                d.Startup is { } startup ? Durations.OfMilliseconds(startup.TotalMs) : null,
                d.Pid is null || d.StartedAt is null ? null : Durations.Age(now - d.StartedAt.Value),
                d.Restarts.ToString(CultureInfo.InvariantCulture),
                d.Url ?? HostAddresses.Url(d.Host, d.Port));
        }

        var failures = daemons
            .Where(d => d.State is not (DaemonState.Running or DaemonState.Stopped) && d.LastFailure is not null)
            .Select(d => Styles.Apply(VisibleText.Line($"{d.Name}: {WireNames.Of(d.LastFailure!.Reason)}: {d.LastFailure.Detail}"), Tone.Warning, colour));
        return [.. table.Render(colour), .. failures];
    }

    /// <summary>A state, with what is waited for.</summary>
    internal static string State(DaemonState state, StartupStage? stage, IReadOnlyList<string> waitingFor, DateTimeOffset? nextAttemptAt, DateTimeOffset now) =>
        state == DaemonState.Starting && stage is { } current ? $"starting ({WireNames.Of(current)})"
        : waitingFor.Count > 0 ? $"waiting for {string.Join(", ", waitingFor)}"
        : nextAttemptAt is { } next && next > now ? $"{DaemonStates.Words(state)}, next try in {Durations.Age(next - now)}"
        : DaemonStates.Words(state);

    internal static Tone ToneOf(DaemonState state) => state switch
    {
        DaemonState.Running => Tone.Good,
        DaemonState.Stopped => Tone.Dim,
        DaemonState.Waiting or DaemonState.Starting or DaemonState.Stopping => Tone.Warning,
        _ => Tone.Bad,
    };
}
