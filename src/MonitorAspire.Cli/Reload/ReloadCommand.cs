using System.CommandLine;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Reload;

/// <summary><c>monitor reload</c>: has the running supervisors read their configuration, and says what that changed.</summary>
internal sealed class ReloadCommand(CliContext context)
{
    private readonly Option<string?> _stateDirectory = CliOptions.StateDirectory();
    private readonly Option<int?> _port = CliOptions.OptionalPort("Only the supervisor whose REST API has this port. [default: all of the state directory]", "--supervisor-port");
    private readonly Option<bool> _json = CliOptions.Json("Print the reports as one JSON array.");

    internal static Command Create(CliContext context)
    {
        var reload = new ReloadCommand(context);
        var command = new Command("reload", "Have the running supervisor read its configuration now, and say what that changed.")
        {
            reload._stateDirectory, reload._port, reload._json,
        };
        command.SetAction(reload.RunAsync);
        return command.WithHelp("""
            A supervisor reads a changed file by itself, within a second. This command says at once whether the file
            is right, and what was changed. Only the daemons that differ are touched.

            Examples:
              monitor reload
              monitor reload --supervisor-port 8770

            Exit codes: 0 read, whether something has changed or not; 2 usage, or the configuration is wrong and
            nothing was changed; 1 a change could not be made, no supervisor runs, or anything else.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var stateDirectory = DaemonOptions.ResolveStateDirectory(parsed.GetValue(_stateDirectory));
        var supervisors = await Supervisors.AskBeforeActionAsync(stateDirectory, cancellationToken).ConfigureAwait(false);
        var port = parsed.GetValue(_port);
        var asked = supervisors.Answering.Where(s => port is null || new Uri(s.Address).Port == port).ToList();
        if (asked.Count == 0)
        {
            supervisors.RequireAnswers();
            context.Console.Fail($"no supervisor{(port is null ? "" : $" on port {port}")} runs in {stateDirectory}");
            return ExitCodes.Failure;
        }

        var reports = new List<FleetReloadReport>();
        foreach (var (address, directory) in asked)
        {
            using var client = new FleetClient(address, directory);
            var report = await client.ReloadAsync(cancellationToken).ConfigureAwait(false);
            reports.Add(report);
            if (!parsed.GetValue(_json))
            {
                // The supervisor may have read the file by itself a moment ago.
                var lines = report.Number > 0 ? report.Lines()
                    : await client.LastReloadAsync(cancellationToken).ConfigureAwait(false) is { At: { } at } last
                    ? [$"nothing has changed since {at.ToLocalTime():yyyy-MM-ddTHH:mm:sszzz}", .. last.Lines().Select(line => $"  {line}")]
                    : ["nothing has changed"];
                foreach (var line in lines)
                {
                    context.Console.Out.WriteLine(VisibleText.Line($"{address}: {line}"));
                }
            }
        }

        if (parsed.GetValue(_json))
        {
            context.Console.WriteJson(reports, SupervisionJson.Default.IReadOnlyListFleetReloadReport);
        }

        return reports.Exists(r => r.Failures.Count > 0) ? ExitCodes.Failure : ExitCodes.Success;
    }
}
