using System.CommandLine;
using System.Globalization;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Cli.Stop;

/// <summary><c>monitor stop</c>: stops a daemon that is provably ours, and proves that it ended.</summary>
internal sealed class StopCommand(CliContext context)
{
    private readonly DaemonOptions _daemon = new();
    private readonly DurationOption _grace = CliOptions.GracePeriod();
    private readonly Option<bool> _all = new("--all") { Description = "All daemons of the state directory." };
    private readonly Option<bool> _json = CliOptions.Json();

    internal static Command Create(CliContext context)
    {
        var stop = new StopCommand(context);
        var command = new Command("stop", "Stop a daemon and all that it started, and prove that port and lock are free.")
        {
            stop._daemon.NameArgument, stop._daemon.Port, stop._daemon.Host, stop._daemon.StateDirectory, stop._grace, stop._all, stop._json,
        };
        command.Exclude(stop._daemon.Port, stop._all);
        command.ExcludeName(stop._daemon.NameArgument, stop._daemon.Port, stop._all);
        command.SetAction(stop.RunAsync);
        return command.WithHelp("""
            Ctrl-C while it waits ends the grace period: what is left is killed at once. A daemon of a running
            supervisor is stopped by the supervisor, with its own grace period, and stays stopped until it is
            started again.

            Examples:
              monitor stop
              monitor stop --port 9000 --grace 30s
              monitor stop web
              monitor stop --all

            Exit codes: 0 stopped, or not running; 2 usage; 7 no permission; 8 a foreign process has the port; 1 anything else.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var engine = context.EngineFor(stateDirectory);
        var options = new StopOptions { GracePeriod = _grace.In(parsed) };
        var json = parsed.GetValue(_json);
        var supervisors = await Supervisors.AskBeforeActionAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        if (!parsed.GetValue(_all))
        {
            _daemon.RequireKnownHost(parsed);
            var report = await StopAsync(_daemon.Resolve(parsed, stateDirectory, supervisors.Names)).ConfigureAwait(false);
            if (json)
            {
                context.Console.WriteJson(report, SupervisionJson.Default.StopReport);
            }

            StopOutcome.Print(context.Console, report, quiet: json);
            return StopOutcome.ExitCode(report);
        }

        supervisors.RequireAnswers();
        var specs = KnownDaemons.Ports(stateDirectory).Select(port => KnownDaemons.Spec(port, KnownDaemons.Record(stateDirectory, port)));

        // A lock file alone only says that there was a daemon once. Another process may have the port since.
        var known = KnownDaemons.All(stateDirectory).Select(daemon => daemon.Port).ToHashSet();
        var waiting = supervisors.Daemons.Where(d => d.State is not DaemonState.Stopped).Select(d => KnownDaemons.Spec(d.Port, record: null));
        var reports = (await Task.WhenAll(specs.Concat(waiting).DistinctBy(spec => spec.Port).Select(StopAsync)).ConfigureAwait(false))
            .Where(report => report.Verdict != StopVerdict.NotRunning && (report.Verdict != StopVerdict.Foreign || known.Contains(report.Port)))
            .ToList();
        if (json)
        {
            context.Console.WriteJson(reports, SupervisionJson.Default.IReadOnlyListStopReport);
        }

        foreach (var report in reports)
        {
            StopOutcome.Print(context.Console, report, quiet: json);
        }

        if (reports.Count == 0 && !json)
        {
            context.Console.Out.WriteLine($"nothing to stop in {stateDirectory}");
        }

        return reports.Select(StopOutcome.ExitCode).DefaultIfEmpty(ExitCodes.Success).Max();

        Task<StopReport> StopAsync(DaemonSpec spec) => supervisors.On(spec.Port) is { } supervised
            ? supervised.AskAsync("stop", SupervisionJson.Default.StopReport, cancellationToken)
            : engine.StopAsync(spec, options, cancellationToken);
    }
}

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
        var name = Styles.Apply(VisibleText.Line(report.Name), Tone.Strong, colour);
        if (report.Verdict == StopVerdict.NotRunning)
        {
            return $"{name} not running{(report.Detail is { Length: > 0 } detail ? $" ({VisibleText.Line(detail)})" : "")}";
        }

        if (report is { IsPortFree: false, Owner: null })
        {
            return $"{name} stopped: {VisibleText.Line(report.Detail ?? "")}";
        }

        var pid = report.Pid is { } p ? string.Create(CultureInfo.InvariantCulture, $": PID {p}") : "";
        return $"{name} stopped{pid}, port {report.Port} {(report.Owner is { } owner ? $"is served by {VisibleText.Line(owner.ToString())}, which is not ours" : "is free")}, in {Durations.OfMilliseconds(report.TotalMs)}{(report.Killed ? " (SIGKILL was needed)" : "")}";
    }
}
