using System.Globalization;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Start;

/// <summary>One verified start and its output.</summary>
internal sealed class VerifiedStartRun(CliContext context, string stateDirectory, bool json)
{
    /// <summary>Whether the caller prints all reports together as JSON. Default false.</summary>
    internal bool IsPartOfList { get; init; }

    /// <summary>A note about the report, which is printed before it. Default none.</summary>
    internal Func<StartupReport, string?>? Note { get; init; }

    /// <summary>Starts the daemon and stores its definition.</summary>
    internal async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        StartOutcome outcome;
        using (var progress = new StageProgress(context.Console))
        {
            outcome = await context.EngineFor(stateDirectory).StartAsync(spec, options with { StageEntered = progress.Enter, Definition = spec }, cancellationToken).ConfigureAwait(false);
            progress.Finish(outcome.Report);
        }

        Print(outcome.Report);
        return outcome;
    }

    /// <summary>Prints a report.</summary>
    internal void Print(StartupReport report)
    {
        if (json && !IsPartOfList)
        {
            context.Console.WriteJson(report, SupervisionJson.Default.StartupReport);
        }

        foreach (var note in report.Notes)
        {
            context.Console.Note($"note: {note}");
        }

        if (Note?.Invoke(report) is { } more)
        {
            context.Console.Note($"note: {more}");
        }

        if (!report.Serves)
        {
            PrintFailure(context.Console, report);
        }
        else if (!json)
        {
            // One that runs already may have been started with another health check than this command names.
            var kind = KnownDaemons.Find(stateDirectory, report.Port).ToSpec().Health.Kind;
            context.Console.Out.WriteLine(Describe(report, kind, context.Console.OutputTraits.Colour));
        }
    }

    private static string Describe(StartupReport report, HealthCheckKind kind, bool colour)
    {
        var name = Styles.Apply(VisibleText.Line(report.Name), Tone.Strong, colour);
        var url = HostAddresses.Url(report.Host, report.Port, kind);
        var pid = report.Pid?.ToString(CultureInfo.InvariantCulture) ?? "unknown";
        var ownership = report.OwnershipVerified ? "" : " (port ownership unverified: this platform cannot prove it)";
        return report.Verdict == StartupVerdict.AlreadyRunning
            ? $"{name} {Styles.Apply("already running", Tone.Good, colour)} and healthy: PID {pid}, port {report.Port}, {url}{ownership}"
            : $"{name} {Styles.Apply("running", Tone.Good, colour)}: PID {pid}, port {report.Port}, {url}, verified in {Durations.OfMilliseconds(report.TotalMs)}{ownership}";
    }

    private static void PrintFailure(CliConsole console, StartupReport report)
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

        // The first line is in the headline.
        if (report.HealthAnswer is { Body.Count: > 1 } answer)
        {
            Say("answer", answer.Body[0]);
            foreach (var line in answer.Body.Skip(1))
            {
                console.Error.WriteLine($"          {VisibleText.Line(line)}");
            }
        }

        // Without a process, the log has no lines of this start.
        if (report.LogTail.Count > 0 || (report.Reason == StartupReason.ExitedPrematurely && report.LogFile is not null))
        {
            Say("log", report.LogFile ?? "");
            foreach (var line in report.LogTail)
            {
                console.Error.WriteLine($"    {Styles.Apply(VisibleText.Line(line), Tone.Dim, console.ErrorTraits.Colour)}");
            }

            if (report.LogTail.Count == 0)
            {
                console.Error.WriteLine("    (it wrote nothing)");
            }
        }

        if (report.ReplacedPid is { } replaced)
        {
            PrintReplaced(console, report, replaced);
        }

        void Say(string what, string text) => console.Error.WriteLine($"  {what}: {VisibleText.Line(text)}");
    }

    // The old instance was stopped for a start that failed.
    private static void PrintReplaced(CliConsole console, StartupReport report, int replaced)
    {
        if (report.Rollback is not { } rollback)
        {
            console.Fail($"{report.Name} IS DOWN: the instance that served before (PID {replaced}) was stopped for this start, and no other one runs now");
        }
        else if (rollback.Serves)
        {
            console.Fail($"{report.Name} was rolled back: the old definition runs again as PID {rollback.Pid}, verified in {Durations.OfMilliseconds(rollback.TotalMs)}; the new one is not in use");
        }
        else
        {
            console.Fail($"{report.Name} IS DOWN: the roll-back to the old definition failed as well: {Headline(rollback)}");
        }
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
