using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Status;

/// <summary>Inspections as a table, and below it the details of each.</summary>
internal static class StatusTable
{
    internal static IReadOnlyList<string> Render(IReadOnlyCollection<DaemonInspection> daemons, DateTimeOffset now, bool colour)
    {
        var table = new Table("NAME", "PORT", "STATE", "PID", "HEALTH", "UPTIME", "RESTARTS");
        foreach (var d in daemons)
        {
            table.Add(
                new Cell(d.Name, Tone.Strong),
                d.Port.ToString(CultureInfo.InvariantCulture),
                new Cell(WireNames.Of(d.Verdict), ToneOf(d.Verdict)),
                d.Pid?.ToString(CultureInfo.InvariantCulture),
                Health(d),
                d.Pid is null || d.StartedAt is null ? null : Durations.Age(now - d.StartedAt.Value),
                d.Restarts.ToString(CultureInfo.InvariantCulture));
        }

        // The detail quotes the first line of an answer already.
        var details = daemons.Where(d => d.Detail is { Length: > 0 })
            .SelectMany(d => (string[])[$"{d.Name}: {d.Detail}", .. d.HealthBody.Skip(1).Select(line => $"    {line}")])
            .Select(VisibleText.Line);
        return [.. table.Render(colour), .. details];
    }

    private static Cell Health(DaemonInspection d) => d.Healthy switch
    {
        true => new Cell(d.HealthMs is { } ms ? $"ok {Durations.OfMilliseconds(ms)}" : "ok", Tone.Good),
        false => new Cell(d.HealthStatus is { } status and not 200 ? $"status {status}" : "failed", Tone.Bad),
        null => new Cell("-"),
    };

    private static Tone ToneOf(InspectionVerdict verdict) => verdict switch
    {
        InspectionVerdict.Running => Tone.Good,
        InspectionVerdict.Starting => Tone.Warning,
        InspectionVerdict.NotRunning => Tone.Dim,
        _ => Tone.Bad,
    };
}
