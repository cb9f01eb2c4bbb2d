using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Start;

/// <summary>The output for a failed start: the reason in one line, then what helps to fix it.</summary>
internal static class StartupFailure
{
    internal static void Print(CliConsole console, StartupReport report)
    {
        console.Fail($"{report.Name} did not start: {Headline(report)}");
        if (report.Owner is { } owner)
        {
            Say("owner", owner.ToString());
        }

        if (report.Stage is { } stage && report.Reason is not (StartupReason.InvalidConfiguration or StartupReason.CommandNotFound))
        {
            Say("stage", $"{WireNames.Of(stage)}, after {Durations.OfMilliseconds(report.TotalMs)}");
        }

        // Without a process, the log has no lines of this start.
        if (report.LogTail.Count > 0 || (report.Reason == StartupReason.ExitedPrematurely && report.LogFile is not null))
        {
            Say("log", report.LogFile ?? "");
            foreach (var line in report.LogTail)
            {
                console.Error.WriteLine($"    {Styles.Apply(Printable.Line(line), Tone.Dim, console.ErrorTraits.Colour)}");
            }

            if (report.LogTail.Count == 0)
            {
                console.Error.WriteLine("    (it wrote nothing)");
            }
        }

        void Say(string what, string text) => console.Error.WriteLine($"  {what}: {Printable.Line(text)}");
    }

    private static string Headline(StartupReport report)
    {
        var reason = report.Reason is { } r ? WireNames.Of(r) : "failed";
        if (report.Detail is { Length: > 0 } detail)
        {
            return $"{reason}: {detail}";
        }

        var exit = report.ExitCode is null && report.Signal is null ? "" : $": {new ProcessExit(report.ExitCode, report.Signal)}";
        return reason + exit;
    }
}
