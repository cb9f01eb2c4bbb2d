using System.Globalization;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Status;

/// <summary>Inspections as a table, and below it the details of each.</summary>
internal static class StatusTable
{
    internal static IReadOnlyList<string> Render(IReadOnlyCollection<DaemonInspection> daemons, DateTimeOffset now, bool colour)
    {
        var table = new Table("NAME", "PORT", "STATE", "PID", "HEALTH", "MEMORY", "CPU", "UPTIME", "RESTARTS");
        foreach (var d in daemons)
        {
            table.Add(
                new Cell(d.Name, Tone.Strong),
                d.Port.ToString(CultureInfo.InvariantCulture),
                State(d, now),
                d.Pid?.ToString(CultureInfo.InvariantCulture),
                Health(d),
                d.MemoryBytes is { } bytes ? Memory(bytes) : null,
                d.CpuMs is { } ms ? Cpu(TimeSpan.FromMilliseconds(ms)) : null,
                d.Pid is null || d.StartedAt is null ? null : Durations.Age(now - d.StartedAt.Value),
                d.Restarts.ToString(CultureInfo.InvariantCulture));
        }

        return [.. table.Render(colour), .. daemons.SelectMany(Details).Select(VisibleText.Line)];
    }

    // What the supervisor waits for says more than that nothing runs.
    private static Cell State(DaemonInspection d, DateTimeOffset now) => IsPending(d)
        ? new Cell(FleetTable.State(d.Supervisor!.State, stage: null, d.Supervisor.WaitingFor, d.Supervisor.NextAttemptAt, now), FleetTable.ToneOf(d.Supervisor.State))
        : new Cell(WireNames.Of(d.Verdict), ToneOf(d.Verdict));

    /// <summary>Whether nothing serves, although a supervisor is to run the daemon.</summary>
    internal static bool IsPending(DaemonInspection d) =>
        d.Verdict != InspectionVerdict.Running && d.Supervisor is { State: DaemonState.Waiting or DaemonState.Backoff or DaemonState.CrashLooping or DaemonState.Failed or DaemonState.Foreign };

    private static IEnumerable<string> Details(DaemonInspection d)
    {
        if (d.Detail is { Length: > 0 })
        {
            // The detail quotes the first line of an answer already.
            yield return $"{d.Name}: {d.Detail}";
            foreach (var line in d.HealthBody.Skip(1))
            {
                yield return $"    {line}";
            }
        }

        if (IsPending(d) && d.Supervisor is { LastFailure: { } reason } supervisor)
        {
            var failures = supervisor.ConsecutiveFailures switch { 0 => "", 1 => "1 failure, ", var many => $"{many} failures in a row, " };
            var detail = supervisor.LastFailureDetail is { Length: > 0 } text ? $": {text}" : "";
            yield return $"{d.Name}: {failures}last failure: {WireNames.Of(reason)}{detail}";
        }
    }

    private static Cell Health(DaemonInspection d) => d.Healthy switch
    {
        true => new Cell(d.HealthMs is { } ms ? $"ok {Durations.OfMilliseconds(ms)}" : "ok", Tone.Good),
        false => new Cell(d.HealthStatus is { } status and not 200 ? $"status {status}" : "failed", Tone.Bad),
        null => new Cell("-"),
    };

    private static string Memory(long bytes) => bytes switch
    {
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB"),
    };

    private static string Cpu(TimeSpan used) =>
        used.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{used.TotalSeconds:0.0}s") : Durations.Age(used);

    private static Tone ToneOf(InspectionVerdict verdict) => verdict switch
    {
        InspectionVerdict.Running => Tone.Good,
        InspectionVerdict.Starting => Tone.Warning,
        InspectionVerdict.NotRunning => Tone.Dim,
        _ => Tone.Bad,
    };
}
