using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Logs;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Start;

/// <summary><c>monitor start</c>: one verified start.</summary>
internal sealed class StartCommand(CliContext context, Interrupts interrupts)
{
    private readonly DaemonOptions _daemon = new();
    private readonly Option<PortRange?> _range = CliOptions.PortRange();
    private readonly DurationOption _timeout = CliOptions.StartTimeout();
    private readonly Option<bool> _background = new("--background") { Description = "Return as soon as the daemon is verified. The default." };
    private readonly Option<bool> _foreground = new("--foreground") { Description = "Stay until the daemon ends; Ctrl-C stops it." };
    private readonly Option<bool> _force = new("--force") { Description = "Replace a daemon of ours that is there. A foreign process is never touched." };
    private readonly Option<bool> _rollback = CliOptions.Rollback();
    private readonly LogOptions _log = new();
    private readonly Option<bool> _json = CliOptions.Json();
    private readonly Argument<string[]> _command = DaemonCommandLine.Argument();

    internal static Command Create(CliContext context, Interrupts interrupts)
    {
        var start = new StartCommand(context, interrupts);
        var command = new Command("start", "Start a daemon and prove that it serves: PID file, port owner and health of one and the same process.");
        start._daemon.AddTo(command);
        command.Add(start._range);
        command.Add(start._timeout);
        command.Add(start._background);
        command.Add(start._foreground);
        command.Add(start._force);
        command.Add(start._rollback);
        start._log.AddTo(command);
        command.Add(start._json);
        command.Add(start._command);
        command.Exclude(start._background, start._foreground);
        command.Exclude(start._daemon.Port, start._range);
        command.Require(start._rollback, start._force, ": without it, a start replaces nothing that could be started again");
        command.SetAction(start.RunAsync);
        return command.WithHelp("""
            monitor start [NAME] [options] [-- COMMAND ARGS…]

            COMMAND is the daemon's executable. Without it, the definition that was started last on the port
            is used; where there is none, the built-in daemon. NAME is the name of a known daemon, in place
            of --port. In ARGS, {port}, {host}, {pidfile} and {statedir} are filled in; {{port}} is the text
            {port}. No shell sees them.

            Examples:
              monitor start                                    the built-in daemon on 127.0.0.1:8768
              monitor start --port-range 8768-8799             the same on the first free port
              monitor start --port 9000 --health-path / -- python3 -m http.server {port} --bind {host}
              monitor start --foreground                       for a service manager or a container

            Exit codes: 0 it serves (also when it did before); 2 usage; 4 port in use; 5 not verified in time;
            6 exited prematurely; 7 no permission; 8 a foreign process is in the way; 1 anything else.
            With --foreground: 0 stopped by Ctrl-C or SIGTERM, else the daemon's own exit code, 128 + signal,
            or 6 for an exit code 0 that nobody asked for.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var engine = context.EngineFor(stateDirectory);
        var (name, command) = DaemonCommandLine.Of(parsed);
        var force = parsed.GetValue(_force);
        var range = parsed.GetValue(_range);
        var supervisors = range is null && (command.Length == 0 || force) && !parsed.GetValue(_foreground)
            ? await Supervisors.AskBeforeActionAsync(stateDirectory, cancellationToken).ConfigureAwait(false)
            : Supervisors.None;
        var port = range?.First ?? _daemon.ResolvePort(parsed, stateDirectory, name, supervisors.Names);
        if (supervisors.On(port) is { } supervised)
        {
            var asked = new VerifiedStartRun(context, stateDirectory, parsed.GetValue(_json));
            return ExitCodes.For(await SupervisedStart.RunAsync(supervised, force ? "restart" : "start", command, asked, cancellationToken).ConfigureAwait(false));
        }

        var isNeeded = (command.Length == 0 && range is null) || parsed.GetValue(_rollback);
        var stored = StoredDefinition.Read(stateDirectory, port, isNeeded);
        var known = name is null ? null : KnownDaemons.Find(stateDirectory, port).Name;
        var spec = BuildSpec(parsed, port, known, command, stored);
        if (force && command.Length == 0)
        {
            // What runs may be no daemon of the command line, and then only its record tells the program.
            spec = stored is null && StoredDefinition.Find(stateDirectory, port) is { } recorded ? DaemonOptions.Checked(_daemon.Over(recorded, parsed)) : spec;
        }

        var options = new StartOptions
        {
            Timeout = _timeout.In(parsed),
            Force = force,
            Rollback = parsed.GetValue(_rollback) ? stored ?? StoredDefinition.Find(stateDirectory, port) : null,
        };
        using var log = await AtEndAsync(new DaemonFiles(stateDirectory, spec.Port).LogFile, cancellationToken).ConfigureAwait(false);
        var run = new VerifiedStartRun(context, stateDirectory, parsed.GetValue(_json)) { Note = report => NoteOf(report, command, spec, stored) };
        var outcome = await run.StartAsync(spec, options, cancellationToken).ConfigureAwait(false);
        if (!parsed.GetValue(_foreground) || outcome is not { Report: { Serves: true } report, Instance: { } instance })
        {
            return ExitCodes.For(outcome.Report);
        }

        // Another port of a range has another log. Of a daemon that was running before, only new lines are shown.
        using var other = report.Verdict == StartupVerdict.Verified && report.Port == spec.Port
            ? null
            : await AtEndAsync(report.LogFile!, CancellationToken.None).ConfigureAwait(false);
        return await new ForegroundRun(context, engine, interrupts, parsed.GetValue(_json), other ?? log, spec.Log).RunAsync(report, instance).ConfigureAwait(false);
    }

    private static async Task<LogFollower> AtEndAsync(string path, CancellationToken cancellationToken)
    {
        var log = new LogFollower(path);
        await log.CopyTailAsync(0, Stream.Null, cancellationToken).ConfigureAwait(false);
        return log;
    }

    private DaemonSpec BuildSpec(ParseResult parsed, int port, string? name, string[] command, DaemonSpec? stored)
    {
        var range = parsed.GetValue(_range);
        var spec = command.Length == 0 && range is null && stored is not null
            ? stored
            : KnownDaemons.Spec(port, record: null) with { Name = name ?? DaemonSpec.DefaultName(port), WorkingDirectory = UserDirectory.Current() };
        spec = _log.Over(_daemon.Over(spec, parsed), parsed) with { PortRangeEnd = range?.Last };
        return DaemonOptions.Checked(command is [var executable, .. var arguments] ? spec with { Command = executable, Arguments = arguments } : spec);
    }

    private static string? NoteOf(StartupReport report, string[] command, DaemonSpec spec, DaemonSpec? stored)
    {
        if (stored is null || report.Port != stored.Port)
        {
            return null;
        }

        if (report.Verdict == StartupVerdict.Verified && command.Length == 0 && stored.Command is not null)
        {
            return $"the definition of the last start was used ({stored.Command}); 'monitor forget --port {report.Port}' removes it";
        }

        var isOther = stored.Command != spec.Command || !stored.Arguments.SequenceEqual(spec.Arguments, StringComparer.Ordinal);
        return report.Verdict == StartupVerdict.AlreadyRunning && command.Length > 0 && isOther
            ? "the running daemon was started with another command, which is kept; --force replaces it"
            : null;
    }
}
