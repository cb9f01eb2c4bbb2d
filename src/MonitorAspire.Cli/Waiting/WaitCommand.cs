using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Status;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Waiting;

/// <summary><c>monitor wait</c>: returns when a daemon serves, or when it cannot any more.</summary>
internal sealed class WaitCommand(CliContext context)
{
    private readonly DaemonOptions _daemon = new();
    private readonly Option<bool> _all = new("--all") { Description = "All daemons of the state directory that are not stopped." };
    private readonly DurationOption _timeout = new("--timeout", "Time to wait; 0 looks once:", TimeSpan.FromSeconds(60), mayBeZero: true);
    private readonly Option<bool> _json = CliOptions.Json();

    internal static Command Create(CliContext context)
    {
        var wait = new WaitCommand(context);
        var command = new Command("wait", "Wait until a daemon serves, without starting it.")
        {
            wait._daemon.NameArgument, wait._daemon.Port, wait._daemon.Host, wait._daemon.StateDirectory, wait._all, wait._timeout, wait._json,
        };
        command.Exclude(wait._daemon.Port, wait._all);
        command.ExcludeName(wait._daemon.NameArgument, wait._daemon.Port, wait._all);
        command.SetAction(wait.RunAsync);
        return command.WithHelp("""
            A daemon that has ended, and that no other process starts again within a second, cannot serve any more.

            Examples:
              monitor wait --port 9000
              monitor wait web --timeout 2m && ./smoke-test
              monitor wait --all

            Exit codes: 0 it serves; 2 usage; 5 the time is up; 6 it ended; 8 a foreign process has its port; 1 anything else.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var engine = context.EngineFor(stateDirectory);
        var all = parsed.GetValue(_all);
        var supervisors = parsed.GetValue(_daemon.NameArgument) is null ? Supervisors.None : await Supervisors.AskAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        var spec = all ? null : _daemon.Resolve(parsed, stateDirectory, supervisors.Names);
        var progress = new WaitProgress(context.Time, _timeout.In(parsed));
        while (true)
        {
            var options = new InspectOptions { HealthTimeout = progress.HealthTimeout };
            var seen = spec is null
                ? await StatusCommand.InspectAllAsync(engine, stateDirectory, options, cancellationToken).ConfigureAwait(false)
                : [await engine.InspectAsync(spec, options, cancellationToken).ConfigureAwait(false)];

            // A stopped daemon of many is not waited for.
            IReadOnlyList<DaemonInspection> relevant = all ? [.. seen.Where(d => d.Verdict != InspectionVerdict.NotRunning || progress.WasSeen(d.Port))] : seen;
            var code = progress.Judge(relevant);
            if (all && code == ExitCodes.Success && await PendingAsync(engine, stateDirectory, relevant, cancellationToken).ConfigureAwait(false) is { Count: > 0 } pending)
            {
                relevant = [.. relevant, .. pending];
                code = progress.Judge(relevant);
            }

            if (code is { } ended)
            {
                Print(relevant, ended, parsed);
                return ended;
            }

            await Task.Delay(progress.NextDelay(), context.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    // What a supervisor has not started yet has no files, or only those of an instance that ended.
    private static async Task<IReadOnlyList<DaemonInspection>> PendingAsync(
        IDaemonEngine engine, string stateDirectory, IReadOnlyList<DaemonInspection> seen, CancellationToken cancellationToken)
    {
        var supervisors = await Supervisors.AskAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        var others = supervisors.Daemons.Where(d => seen.All(s => s.Port != d.Port)).Select(StatusCommand.SpecOf);
        var inspections = await Task.WhenAll(others.Select(spec => engine.InspectAsync(spec, new InspectOptions { ProbeHealth = false }, cancellationToken))).ConfigureAwait(false);
        return [.. inspections.Select(supervisors.Over).Where(StatusTable.IsPending)];
    }

    private void Print(IReadOnlyList<DaemonInspection> daemons, int code, ParseResult parsed)
    {
        if (parsed.GetValue(_json))
        {
            context.Console.WriteJson(daemons, SupervisionJson.Default.IReadOnlyListDaemonInspection);
        }
        else if (code == ExitCodes.Success)
        {
            foreach (var daemon in daemons)
            {
                context.Console.Out.WriteLine($"{daemon.Name} serves: PID {daemon.Pid}, port {daemon.Port}");
            }
        }

        if (code == ExitCodes.Success)
        {
            return;
        }

        var why = code == ExitCodes.NotVerified ? "the time is up" : "it cannot serve";
        var waiting = daemons.Where(d => d.Verdict != InspectionVerdict.Running).ToList();
        foreach (var daemon in waiting)
        {
            var detail = daemon.Detail is { Length: > 0 } text ? $": {text}" : "";
            context.Console.Fail($"{daemon.Name} does not serve ({why}): {Supervision.Telemetry.WireNames.Of(daemon.Verdict)}{detail}");
        }

        if (waiting.Count == 0)
        {
            context.Console.Fail($"there is no daemon to wait for ({why})");
        }
    }
}
