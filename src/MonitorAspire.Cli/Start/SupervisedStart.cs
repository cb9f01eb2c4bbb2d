using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Supervision;

namespace MonitorAspire.Cli.Start;

/// <summary>The start or restart of a daemon that a running supervisor looks after. The supervisor carries it out, as its configuration says.</summary>
internal static class SupervisedStart
{
    /// <summary>Asks for it, prints the report, and returns it.</summary>
    /// <exception cref="UsageException">A command was given, which is the supervisor's to change.</exception>
    internal static async Task<StartupReport> RunAsync(
        SupervisedDaemon supervised, string action, string[] command, VerifiedStartRun run, CancellationToken cancellationToken)
    {
        var daemon = supervised.Daemon;
        if (command.Length > 0)
        {
            throw new UsageException($"the supervisor at {supervised.Address} looks after {daemon.Name} (port {daemon.Port}); its command is changed in the supervisor's configuration");
        }

        var report = await supervised.AskAsync(action, SupervisionJson.Default.StartupReport, cancellationToken).ConfigureAwait(false);
        run.Print(report);
        return report;
    }
}
