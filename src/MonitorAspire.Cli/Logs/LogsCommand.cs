using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Cli.CommandLine;
using MonitorAspire.Cli.Fleet;
using MonitorAspire.Cli.Terminal;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Cli.Logs;

/// <summary><c>monitor logs</c>: what a daemon wrote on stdout and stderr.</summary>
internal sealed class LogsCommand(CliContext context)
{
    private const int MaximumTail = 1_000_000;

    private readonly DaemonOptions _daemon = new();
    private readonly Option<int> _tail = CliOptions.Number("--tail", "LINES", "How many of the last lines.", 0, MaximumTail, 200);
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Print new lines as they come, also after a rotation; Ctrl-C ends it." };
    private readonly Option<bool> _rotate = new("--rotate") { Description = "Rotate the log now: its content becomes the newest part. Shows nothing." };
    private readonly Option<bool> _all = new("--all") { Description = "With --rotate: every log in the state directory." };
    private readonly Option<bool> _due = new("--if-due") { Description = "With --rotate: only a log that has reached its size." };
    private readonly Option<bool> _json = CliOptions.Json();

    internal static Command Create(CliContext context)
    {
        var logs = new LogsCommand(context);
        var command = new Command("logs", "Show what a daemon wrote on stdout and stderr.")
        {
            logs._daemon.NameArgument, logs._daemon.Port, logs._daemon.StateDirectory, logs._tail, logs._follow, logs._rotate, logs._all, logs._due, logs._json,
        };
        command.Exclude(logs._rotate, logs._follow);
        command.Exclude(logs._rotate, logs._json, ": it shows no log");
        command.Exclude(logs._all, logs._daemon.Port);
        command.ExcludeName(logs._daemon.NameArgument, logs._all);
        command.Require(logs._all, logs._rotate);
        command.Require(logs._due, logs._rotate);
        command.Exclude(logs._follow, logs._json, ": a log that goes on is not one document");
        command.ExcludeName(logs._daemon.NameArgument, logs._daemon.Port);
        command.SetAction(logs.RunAsync);
        return command.WithHelp("""
            Examples:
              monitor logs --tail 50
              monitor logs --port 9000 --follow
              monitor logs web --follow
              monitor logs --port 9000 --rotate
              monitor logs --rotate --all --if-due             for a timer, where no supervisor runs

            Exit codes: 0 done; 1 there is no log, or it cannot be rotated; 2 usage; 7 no permission.
            """);
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var directory = _daemon.ResolveStateDirectory(parsed);
        if (parsed.GetValue(_rotate) && parsed.GetValue(_all))
        {
            return Rotate(directory, only: null, parsed.GetValue(_due));
        }

        var name = parsed.GetValue(_daemon.NameArgument);
        var supervisors = name is null ? Supervisors.None : await Supervisors.AskAsync(directory, cancellationToken).ConfigureAwait(false);
        var port = _daemon.ResolvePort(parsed, directory, name, supervisors.Names);
        if (parsed.GetValue(_rotate))
        {
            return Rotate(directory, port, parsed.GetValue(_due));
        }

        var path = new DaemonFiles(directory, port).LogFile;
        var follow = parsed.GetValue(_follow);
        if (!Path.Exists(path) && !follow)
        {
            context.Console.Fail($"there is no log of a daemon on port {port}: {path} does not exist");
            return ExitCodes.Failure;
        }

        using var log = new LogFollower(path);
        var json = parsed.GetValue(_json);
        var last = new List<string>();
        var lines = json ? new LineStream(Keep) : LogOutput.To(context.Console);
        await log.CopyTailAsync(parsed.GetValue(_tail), lines, cancellationToken).ConfigureAwait(false);
        if (log.Refusal is { } refusal)
        {
            context.Console.Fail(refusal);
            return ExitCodes.Failure;
        }

        if (follow)
        {
            await LogOutput.FollowAsync(log, lines, context.Time, cancellationToken).ConfigureAwait(false);
            return ExitCodes.Success;
        }

        await lines.FinishAsync(cancellationToken).ConfigureAwait(false);
        if (json)
        {
            context.Console.WriteJson(new LogDocument(port, path, last), CliJson.Default.LogDocument);
        }

        return ExitCodes.Success;

        ValueTask Keep(string line, CancellationToken _)
        {
            last.Add(line);
            return ValueTask.CompletedTask;
        }
    }

    private int Rotate(string directory, int? only, bool ifDue)
    {
        var code = ExitCodes.Success;
        foreach (var port in only is { } one ? [one] : KnownDaemons.Ports(directory))
        {
            var path = new DaemonFiles(directory, port).LogFile;
            if (!Path.Exists(path))
            {
                if (only is not null)
                {
                    context.Console.Fail($"there is no log of a daemon on port {port}: {path} does not exist");
                    code = ExitCodes.Failure;
                }

                continue;
            }

            var limits = KnownDaemons.Spec(port, KnownDaemons.Record(directory, port)).Log;
            try
            {
                if (LogRotation.Rotate(path, limits, above: ifDue ? limits.PartBytes : 0))
                {
                    context.Console.Out.WriteLine(VisibleText.Line($"rotated {path}"));
                }
                else if (!ifDue)
                {
                    context.Console.Out.WriteLine(VisibleText.Line($"{path} was not rotated: it is empty, or another process is rotating a log"));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                context.Console.Fail($"{path} cannot be rotated as it should be: {e.Message}");
                code = ExitCodes.Failure;
            }
        }

        return code;
    }
}

/// <summary>What <c>monitor logs --json</c> prints.</summary>
internal sealed record LogDocument(int Port, string LogFile, IReadOnlyList<string> Lines);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogDocument))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>Prints a daemon's log.</summary>
internal static class LogOutput
{
    /// <summary>Takes the bytes of a log and prints lines. A terminal gets no control characters; a program gets all characters.</summary>
    internal static LineStream To(CliConsole console) => new((line, _) =>
    {
        console.Out.WriteLine(console.OutputTraits.IsTerminal ? VisibleText.Line(line) : line);
        return ValueTask.CompletedTask;
    });

    /// <summary>Prints what is written to the log until it is cancelled, and then what was written last: that often explains the end.</summary>
    internal static async Task FollowAsync(LogFollower log, LineStream output, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await log.FollowAsync(output, time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await log.CopyNewAsync(output, CancellationToken.None).ConfigureAwait(false);
        }

        await output.FinishAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
