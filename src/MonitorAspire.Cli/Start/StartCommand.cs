using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Logs;
using MonitorAspire.Supervision.Files;
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
        start._log.AddTo(command);
        command.Add(start._json);
        command.Add(start._command);
        command.Exclude(start._background, start._foreground);
        command.Exclude(start._daemon.Port, start._range);
        command.SetAction(start.RunAsync);
        return command.WithHelp("""
            monitor start [options] [-- COMMAND ARGS…]

            COMMAND is the daemon's executable; without it, the built-in daemon is started. In COMMAND
            and ARGS, {port}, {host}, {pidfile} and {statedir} are filled in; no shell sees them.

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
        var spec = BuildSpec(parsed);
        var options = new StartOptions { Timeout = _timeout.In(parsed), Force = parsed.GetValue(_force) };
        using var log = await AtEndAsync(new DaemonFiles(stateDirectory, spec.Port).LogFile, cancellationToken).ConfigureAwait(false);
        var run = new VerifiedStartRun(context, engine, parsed.GetValue(_json));
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

    private DaemonSpec BuildSpec(ParseResult parsed)
    {
        var spec = _daemon.Resolve(parsed, record: null);
        if (parsed.GetValue(_range) is { } range)
        {
            spec = spec with
            {
                Port = range.First,
                PortRangeEnd = range.Last,
                Name = parsed.GetValue(_daemon.Name) ?? DaemonSpec.DefaultName(range.First),
            };
        }

        return DaemonOptions.Checked(DaemonCommandLine.Apply(parsed.GetValue(_command), spec with { Log = _log.In(parsed) }));
    }
}
