using System.CommandLine;
using System.CommandLine.Parsing;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Logs;

/// <summary><c>monitor logs</c>: what a daemon wrote on stdout and stderr.</summary>
internal sealed class LogsCommand
{
    private const int MaximumTail = 1_000_000;

    private readonly CliContext _context;
    private readonly Option<int> _port = CliOptions.Port();
    private readonly Option<string?> _stateDirectory = CliOptions.StateDirectory();
    private readonly Option<int> _tail = CliOptions.Number("--tail", "LINES", "How many of the last lines.", 0, MaximumTail, 200);
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Print new lines as they come, also after a rotation; Ctrl-C ends it." };
    private readonly Option<bool> _json = CliOptions.Json();

    private LogsCommand(CliContext context) => _context = context;

    internal static Command Create(CliContext context)
    {
        var logs = new LogsCommand(context);
        var command = new Command("logs", "Show what a daemon wrote on stdout and stderr.")
        {
            logs._port, logs._stateDirectory, logs._tail, logs._follow, logs._json,
        };
        command.Validators.Add(logs.Validate);
        command.SetAction(logs.RunAsync);
        return command.WithHelp("""
            Examples:
              monitor logs --tail 50
              monitor logs --port 9000 --follow

            Exit codes: 0 done; 1 there is no log; 2 usage; 7 no permission.
            """);
    }

    private void Validate(CommandResult result)
    {
        if (result.GetValue(_follow) && result.GetValue(_json))
        {
            result.AddError("--follow and --json exclude each other: a log that goes on is not one document");
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var port = parsed.GetValue(_port);
        var path = new DaemonFiles(DaemonOptions.ResolveStateDirectory(parsed.GetValue(_stateDirectory)), port).LogFile;
        var follow = parsed.GetValue(_follow);
        if (!Path.Exists(path) && !follow)
        {
            _context.Console.Fail($"there is no log of a daemon on port {port}: {path} does not exist");
            return ExitCodes.Failure;
        }

        using var log = new LogFollower(path);
        var json = parsed.GetValue(_json);
        var last = new List<string>();
        var lines = json ? new LineStream((line, _) => Add(last, line)) : LogOutput.To(_context.Console);
        await log.CopyTailAsync(parsed.GetValue(_tail), lines, cancellationToken).ConfigureAwait(false);
        if (log.Refusal is { } refusal)
        {
            _context.Console.Fail(refusal);
            return ExitCodes.Failure;
        }

        if (follow)
        {
            await LogOutput.FollowAsync(log, lines, _context.Time, cancellationToken).ConfigureAwait(false);
            return ExitCodes.Success;
        }

        await lines.FinishAsync(cancellationToken).ConfigureAwait(false);
        if (json)
        {
            JsonOutput.Write(_context.Console, new LogDocument(port, path, last), CliJson.Default.LogDocument);
        }

        return ExitCodes.Success;
    }

    private static ValueTask Add(List<string> lines, string line)
    {
        lines.Add(line);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What <c>monitor logs --json</c> prints.</summary>
/// <param name="Port">The daemon's port.</param>
/// <param name="LogFile">The file.</param>
/// <param name="Lines">The last lines, oldest first.</param>
internal sealed record LogDocument(int Port, string LogFile, IReadOnlyList<string> Lines);
