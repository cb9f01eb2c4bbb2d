using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Reset;

/// <summary><c>monitor reset</c>: a daemon in back-off or in a crash loop is tried at once, because its cause is fixed.</summary>
internal sealed class ResetCommand(CliContext context)
{
    private readonly DaemonOptions _daemon = new();
    private readonly Option<bool> _json = CliOptions.Json();

    internal static Command Create(CliContext context)
    {
        var reset = new ResetCommand(context);
        var command = new Command("reset", "Forget the failures of a daemon that its supervisor retries, and start it at once.")
        {
            reset._daemon.NameArgument, reset._daemon.Port, reset._daemon.StateDirectory, reset._json,
        };
        command.ExcludeName(reset._daemon.NameArgument, reset._daemon.Port);
        command.SetAction(reset.RunAsync);
        return command.WithHelp("""
            For a daemon in back-off or in a crash loop whose cause is fixed. 'monitor wait NAME' says whether it serves
            then. One that is stopped, or has failed for good, is in no crash loop: 'monitor start NAME' starts it.

            Examples:
              monitor reset db && monitor wait db

            Exit codes: 0 reset; 2 usage, or no supervisor looks after the daemon; 1 the supervisor refuses, or
            anything else.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = _daemon.ResolveStateDirectory(parsed);
        var supervisors = await Supervisors.AskBeforeActionAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        var port = _daemon.ResolvePort(parsed, stateDirectory, parsed.GetValue(_daemon.NameArgument), supervisors.Names);
        if (supervisors.On(port) is not { } supervised)
        {
            throw new UsageException($"no supervisor looks after a daemon on port {port}; 'monitor start --port {port}' starts it");
        }

        var daemon = await supervised.AskAsync("reset", SupervisionJson.Default.DaemonSnapshot, cancellationToken).ConfigureAwait(false);
        if (parsed.GetValue(_json))
        {
            context.Console.WriteJson(daemon, SupervisionJson.Default.DaemonSnapshot);
        }
        else
        {
            context.Console.Out.WriteLine(VisibleText.Line($"{daemon.Name}: its failures are forgotten; it is {DaemonStates.Words(daemon.State)}"));
        }

        return ExitCodes.Success;
    }
}
