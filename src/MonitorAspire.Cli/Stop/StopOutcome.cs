using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Stop;

internal static class StopOutcome
{
    /// <summary>0 as well if nothing was running.</summary>
    internal static int ExitCode(StopReport report) => report.Verdict switch
    {
        StopVerdict.Stopped or StopVerdict.NotRunning => ExitCodes.Success,
        StopVerdict.Foreign => ExitCodes.Foreign,
        StopVerdict.PermissionDenied => ExitCodes.PermissionDenied,
        _ => ExitCodes.Failure,
    };

    /// <summary>Prints a report. Quiet: nothing on standard output, because a JSON document is there.</summary>
    internal static void Print(CliConsole console, StopReport report, bool quiet)
    {
        if (ExitCode(report) != ExitCodes.Success)
        {
            console.Fail($"{report.Name} was not stopped: {WireNames.Of(report.Verdict)}: {report.Detail ?? report.Owner?.ToString() ?? "no reason known"}");
        }
        else if (!quiet)
        {
            console.Out.WriteLine(Describe(report, console.OutputTraits.Colour));
        }
    }

    private static string Describe(StopReport report, bool colour)
    {
        var name = Styles.Apply(Printable.Line(report.Name), Tone.Strong, colour);
        if (report.Verdict == StopVerdict.NotRunning)
        {
            return $"{name} not running{(report.Detail is { Length: > 0 } detail ? $" ({Printable.Line(detail)})" : "")}";
        }

        var pid = report.Pid is { } p ? string.Create(CultureInfo.InvariantCulture, $": PID {p}") : "";
        return $"{name} stopped{pid}, port {report.Port} is free, in {Durations.OfMilliseconds(report.TotalMs)}{(report.Killed ? " (SIGKILL was needed)" : "")}";
    }
}
