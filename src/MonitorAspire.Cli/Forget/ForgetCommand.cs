using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Forget;

/// <summary><c>monitor forget</c>: removes the stored definition of a daemon that does not run.</summary>
internal sealed class ForgetCommand(CliContext context)
{
    private readonly DaemonOptions _daemon = new();

    internal static Command Create(CliContext context)
    {
        var forget = new ForgetCommand(context);
        var command = new Command("forget", "Remove the stored definition of a daemon that does not run.")
        {
            forget._daemon.NameArgument, forget._daemon.Port, forget._daemon.StateDirectory,
        };
        command.ExcludeName(forget._daemon.NameArgument, forget._daemon.Port);
        command.SetAction(forget.RunAsync);
        return command.WithHelp("""
            The definition is what 'monitor restart', and 'monitor start' without COMMAND, use. The log stays.

            Examples:
              monitor stop web && monitor forget web
              monitor forget --port 9000

            Exit codes: 0 forgotten, or nothing was known; 1 it runs, or anything else; 2 usage; 7 no permission.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var port = _daemon.ResolvePort(parsed, stateDirectory, parsed.GetValue(_daemon.NameArgument));
        var files = new DaemonFiles(stateDirectory, port);
        var known = KnownDaemons.Find(stateDirectory, port);
        if (!Path.Exists(files.DefinitionFile) && known.Record is null)
        {
            context.Console.Out.WriteLine($"nothing is known of a daemon on port {port}");
            return ExitCodes.Success;
        }

        var seen = await context.EngineFor(stateDirectory).InspectAsync(known.ToSpec(), new InspectOptions { ProbeHealth = false }, cancellationToken).ConfigureAwait(false);
        if (seen.Pid is { } pid)
        {
            return Refuse($"it runs (PID {pid})");
        }

        // A start that is under way holds the lock. Under the lock none can begin.
        using var held = InstanceLock.TryAcquire(files.LockFile);
        if (held is null)
        {
            return Refuse("its lock is held, so it is being started, or something of it is left");
        }

        ControlGroup.Current.Remove(known.Record);
        File.Delete(files.DefinitionFile);
        File.Delete(files.InstanceFile);
        context.Console.Out.WriteLine($"{known.Name} forgotten: a start on port {port} without a command starts the built-in daemon");
        return ExitCodes.Success;

        int Refuse(string why)
        {
            context.Console.Fail($"{known.Name} is not forgotten: {why}; stop it first: monitor stop --port {port}");
            return ExitCodes.Failure;
        }
    }
}
