using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Start;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Restart;

/// <summary><c>monitor restart</c>: stops a daemon of ours and carries out a verified start of the same command.</summary>
internal sealed class RestartCommand(CliContext context)
{
    // The engine adds these in front of the built-in daemon's arguments at every start.
    private static readonly string[] BuiltInOptions = ["--port", "--host", "--state-dir"];

    private readonly DaemonOptions _daemon = new();
    private readonly DurationOption _timeout = CliOptions.StartTimeout();
    private readonly DurationOption _grace = CliOptions.GracePeriod();
    private readonly Option<bool> _json = CliOptions.Json();
    private readonly Argument<string[]> _command = DaemonCommandLine.Argument();

    internal static Command Create(CliContext context)
    {
        var restart = new RestartCommand(context);
        var command = new Command("restart", "Stop a daemon and start it again, verified; one that does not run is started.");
        restart._daemon.AddTo(command);
        command.Add(restart._timeout);
        command.Add(restart._grace);
        command.Add(restart._json);
        command.Add(restart._command);
        command.SetAction(restart.RunAsync);
        return command.WithHelp("""
            monitor restart [options] [-- COMMAND ARGS…]

            Without COMMAND, the command and the working directory of the running daemon are taken from
            its record; the environment is that of this command.

            Examples:
              monitor restart
              monitor restart --port 9000 --timeout 1m

            Exit codes: those of 'monitor start'.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var engine = context.EngineFor(stateDirectory);
        var record = KnownDaemons.Record(stateDirectory, parsed.GetValue(_daemon.Port));
        var spec = _daemon.Resolve(parsed, record);
        if (parsed.GetValue(_command) is { Length: > 0 } given)
        {
            spec = DaemonCommandLine.Apply(given, spec);
        }
        else if (record is not null)
        {
            spec = WithRecordedCommand(record, spec with { WorkingDirectory = record.WorkingDirectory });
        }
        else if (await engine.InspectAsync(spec, new InspectOptions { ProbeHealth = false }, cancellationToken).ConfigureAwait(false) is { Pid: { } pid })
        {
            throw new UsageException($"the record of the running daemon (PID {pid}) is lost, so its command is not known; give it after '--'");
        }

        var options = new StartOptions
        {
            Timeout = _timeout.In(parsed),
            StopGracePeriod = _grace.In(parsed),
            Force = true,
            RestartCount = record?.RestartCount ?? 0,
        };
        var outcome = await new VerifiedStartRun(context, engine, parsed.GetValue(_json))
            .StartAsync(DaemonOptions.Checked(spec), options, cancellationToken).ConfigureAwait(false);
        return ExitCodes.For(outcome.Report);
    }

    private static DaemonSpec WithRecordedCommand(InstanceRecord record, DaemonSpec spec) => record.Command.ToArray() switch
    {
        [] => spec,
        var all when OwnProgram.Is(OwnProgram.Daemon, all, out var arguments) =>
            spec with { Command = null, Arguments = [.. OwnArguments(arguments)] },
        [var executable, .. var arguments] => spec with { Command = executable, Arguments = arguments },
    };

    private static IEnumerable<string> OwnArguments(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (BuiltInOptions.Contains(arguments[i]))
            {
                i++;
            }
            else
            {
                yield return arguments[i];
            }
        }
    }
}
