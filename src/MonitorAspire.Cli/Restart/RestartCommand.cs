using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Start;
using MonitorAspire.Cli.Status;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Restart;

/// <summary><c>monitor restart</c>: replaces a daemon of ours by a verified start of its stored definition, or of a new command.</summary>
internal sealed class RestartCommand(CliContext context)
{
    private readonly DaemonOptions _daemon = new();
    private readonly DurationOption _timeout = CliOptions.StartTimeout();
    private readonly DurationOption _grace = CliOptions.GracePeriod();
    private readonly Option<bool> _all = new("--all") { Description = "All daemons of the state directory that run, one after the other; stop at the first that does not come back." };
    private readonly Option<bool> _rollback = CliOptions.Rollback();
    private readonly Option<bool> _json = CliOptions.Json();
    private readonly Argument<string[]> _command = DaemonCommandLine.Argument();

    internal static Command Create(CliContext context)
    {
        var restart = new RestartCommand(context);
        var command = new Command("restart", "Stop a daemon and start it again, verified; one that does not run is started.");
        restart._daemon.AddTo(command);
        command.Add(restart._timeout);
        command.Add(restart._grace);
        command.Add(restart._all);
        command.Add(restart._rollback);
        command.Add(restart._json);
        command.Add(restart._command);
        command.Exclude(restart._daemon.Port, restart._all);
        command.Exclude(restart._daemon.Name, restart._all);
        command.SetAction(restart.RunAsync);
        return command.WithHelp("""
            monitor restart [NAME] [options] [-- COMMAND ARGS…]

            NAME is the name of a known daemon, in place of --port. Without COMMAND, the definition that was
            started last is used, with its directory as its user named it: a symbolic link is followed anew.
            All that can be checked is checked before the running daemon is stopped. A daemon of a running
            supervisor is restarted by the supervisor, as its configuration says.

            Examples:
              monitor restart
              monitor restart web --rollback
              monitor restart --port 9000 --timeout 1m
              monitor restart --all

            Exit codes: those of 'monitor start'. With --rollback, that of the start that failed.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var engine = context.EngineFor(stateDirectory);
        var (name, given) = DaemonCommandLine.Of(parsed);
        if (parsed.GetValue(_all))
        {
            return name is null && given.Length == 0
                ? await RestartAllAsync(parsed, engine, stateDirectory, cancellationToken).ConfigureAwait(false)
                : throw new UsageException("a name or a command and --all exclude each other");
        }

        var supervisors = await Supervisors.AskBeforeActionAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        var port = _daemon.ResolvePort(parsed, stateDirectory, name, supervisors.Names);
        var run = new VerifiedStartRun(context, stateDirectory, parsed.GetValue(_json));
        if (supervisors.On(port) is { } supervised)
        {
            return ExitCodes.For(await SupervisedStart.RunAsync(supervised, "restart", given, run, cancellationToken).ConfigureAwait(false));
        }

        var stored = StoredDefinition.Find(stateDirectory, port, isNeeded: given.Length == 0 || parsed.GetValue(_rollback));
        var spec = given is [var executable, .. var arguments]
            ? (stored ?? KnownDaemons.Spec(port, null)) with { Command = executable, Arguments = arguments, WorkingDirectory = UserDirectory.Current() }
            : stored ?? throw await NoDefinitionAsync(engine, port, cancellationToken).ConfigureAwait(false);
        var outcome = await run.StartAsync(
            DaemonOptions.Checked(_daemon.Over(spec, parsed)), Options(parsed, stateDirectory, port, stored), cancellationToken).ConfigureAwait(false);
        return ExitCodes.For(outcome.Report);
    }

    private StartOptions Options(ParseResult parsed, string stateDirectory, int port, DaemonSpec? old) => new()
    {
        Timeout = _timeout.In(parsed),
        StopGracePeriod = _grace.In(parsed),
        Force = true,
        RestartCount = KnownDaemons.Record(stateDirectory, port)?.RestartCount ?? 0,
        Rollback = parsed.GetValue(_rollback) ? old : null,
    };

    private static async Task<UsageException> NoDefinitionAsync(IDaemonEngine engine, int port, CancellationToken cancellationToken)
    {
        var seen = await engine.InspectAsync(KnownDaemons.Spec(port, null), new InspectOptions { ProbeHealth = false }, cancellationToken).ConfigureAwait(false);
        return new UsageException(seen.Pid is { } pid
            ? $"the definition and the record of the running daemon (PID {pid}) are lost or not ours, so its command is not known; give it after '--'"
            : $"no definition of a daemon on port {port} is known, so there is nothing to restart; start it with 'monitor start --port {port}', with its command after '--'");
    }

    private async Task<int> RestartAllAsync(ParseResult parsed, IDaemonEngine engine, string stateDirectory, CancellationToken cancellationToken)
    {
        var json = parsed.GetValue(_json);
        var supervisors = await Supervisors.AskBeforeActionAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        supervisors.RequireAnswers();
        var seen = await StatusCommand.InspectAllAsync(engine, stateDirectory, new InspectOptions { ProbeHealth = false }, cancellationToken).ConfigureAwait(false);
        var running = seen.Where(d => d.Verdict is InspectionVerdict.Running or InspectionVerdict.Starting or InspectionVerdict.Unhealthy).ToList();
        var reports = new List<StartupReport>();
        var code = ExitCodes.Success;
        foreach (var daemon in running)
        {
            code = await RestartOneAsync(daemon).ConfigureAwait(false);
            if (code != ExitCodes.Success)
            {
                var untouched = running.Skip(running.IndexOf(daemon) + 1).Select(d => d.Name).ToList();
                context.Console.Fail(untouched.Count == 0
                    ? $"{daemon.Name} did not come back; it was the last one"
                    : $"{daemon.Name} did not come back; not touched: {string.Join(", ", untouched)}");
                break;
            }
        }

        if (json)
        {
            context.Console.WriteJson(reports, SupervisionJson.Default.IReadOnlyListStartupReport);
        }
        else if (running.Count == 0)
        {
            context.Console.Out.WriteLine($"nothing to restart in {stateDirectory}");
        }

        return code;

        async Task<int> RestartOneAsync(DaemonInspection daemon)
        {
            var run = new VerifiedStartRun(context, stateDirectory, json) { IsPartOfList = true };
            if (supervisors.On(daemon.Port) is { } supervised)
            {
                var report = await SupervisedStart.RunAsync(supervised, "restart", command: [], run, cancellationToken).ConfigureAwait(false);
                reports.Add(report);
                return ExitCodes.For(report);
            }

            if (StoredDefinition.Find(stateDirectory, daemon.Port) is not { } stored)
            {
                context.Console.Fail($"{daemon.Name} was not restarted: its definition is not known");
                return ExitCodes.Usage;
            }

            var outcome = await run.StartAsync(DaemonOptions.Checked(stored), Options(parsed, stateDirectory, daemon.Port, stored), cancellationToken).ConfigureAwait(false);
            reports.Add(outcome.Report);
            return ExitCodes.For(outcome.Report);
        }
    }
}
