using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.AppHost.Standalone.Output;

/// <summary>The fleet as a table of plain text.</summary>
internal static class FleetTable
{
    private static readonly string[] Head = ["NAME", "PORT", "PID", "STATE", "VERIFIED IN"];

    /// <summary>The table, with a head, one line a daemon, no line end after the last.</summary>
    /// <param name="daemons">The daemons.</param>
    public static string Render(IReadOnlyList<DaemonSnapshot> daemons)
    {
        var rows = daemons.Select(Row).Prepend(Head).ToList();
        var widths = Enumerable.Range(0, Head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();

        var text = new StringBuilder();
        foreach (var row in rows)
        {
            var line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd();
            text.Append("  ").AppendLine(line);
        }

        return text.ToString().TrimEnd('\r', '\n');
    }

    /// <summary>Why a daemon does not serve: the reason in the words of the contract, what was seen, and the end of its log.</summary>
    /// <param name="daemon">The daemon.</param>
    public static string? Explain(DaemonSnapshot daemon)
    {
        if (daemon.State is DaemonState.Running or DaemonState.Starting || daemon.LastFailure is not { } failure)
        {
            return null;
        }

        var text = new StringBuilder($"{daemon.Name} on port {daemon.Port}: {WireNames.Of(failure.Reason)}");
        if (failure.Stage is { } stage)
        {
            text.Append(CultureInfo.InvariantCulture, $" in stage {WireNames.Of(stage)}");
        }

        if (failure.Detail is { Length: > 0 } detail)
        {
            text.Append(". ").Append(detail);
        }

        foreach (var line in failure.LogTail)
        {
            text.AppendLine().Append("    | ").Append(line);
        }

        return text.ToString();
    }

    private static string[] Row(DaemonSnapshot daemon) =>
    [
        daemon.Name,
        daemon.Port.ToString(CultureInfo.InvariantCulture),
        daemon.Pid?.ToString(CultureInfo.InvariantCulture) ?? "-",
        daemon.State == DaemonState.Starting && daemon.Stage is { } stage ? $"Starting ({WireNames.Of(stage)})" : daemon.State.ToString(),
        daemon.State != DaemonState.Running ? "-"
            : daemon.Adopted ? "was running"
            : daemon.Startup is { } startup ? Words.Seconds(startup.TotalMs) : "-",
    ];
}
