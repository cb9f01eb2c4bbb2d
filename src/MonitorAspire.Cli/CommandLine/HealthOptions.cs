using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>The options of a start that say how the health of the daemon is checked.</summary>
internal sealed class HealthOptions
{
    private readonly Option<HealthCheckKind?> _kind = new("--health")
    {
        Description = "How health is checked: http, https, tcp, command, log or notify. [default: http, or what the options below need]",
        HelpName = "KIND",
        CustomParser = ParseKind,
    };

    private readonly Option<int[]> _statuses = new("--health-status")
    {
        Description = "HTTP statuses that pass, as in 200,204. [default: 200]",
        HelpName = "LIST",
        CustomParser = ParseStatuses,
    };

    private readonly Option<string?> _text = CliOptions.Text("--health-text", "TEXT", "Text that the body of the answer must contain.");

    private readonly Option<string?> _command = CliOptions.Text(
        "--health-command", "COMMAND", "Command that must exit with code 0, split at spaces, without a shell; {port} and {host} are filled in.");

    private readonly Option<string?> _pattern = CliOptions.Text("--health-log", "REGEX", "Regular expression that a line of its output must match.");

    private readonly Option<TimeSpan?> _timeout = new DurationOption("--health-timeout", "Time limit of one check, at the start and later:", null);

    internal void AddTo(Command command)
    {
        command.Add(_kind);
        command.Add(_statuses);
        command.Add(_text);
        command.Add(_command);
        command.Add(_pattern);
        command.Add(_timeout);
        command.Exclude(_command, _pattern);
    }

    /// <summary>The check that was typed, in place of another one. A time limit alone changes only that.</summary>
    internal HealthCheck Over(HealthCheck before, ParseResult parsed)
    {
        // A command that does not have these options has no values for them.
        var timeout = DaemonOptions.IsGiven(parsed, _timeout) ? parsed.GetValue(_timeout) : null;
        if (!new Option[] { _kind, _statuses, _text, _command, _pattern }.Any(option => DaemonOptions.IsGiven(parsed, option)))
        {
            return before with { Startup = Within(before.Startup), Liveness = Within(before.Liveness) };
        }

        var (command, pattern) = (parsed.GetValue(_command)?.Split(' ', StringSplitOptions.RemoveEmptyEntries), parsed.GetValue(_pattern));
        return new HealthCheck
        {
            Kind = parsed.GetValue(_kind) ?? (command is not null ? HealthCheckKind.Command : pattern is not null ? HealthCheckKind.Log : HealthCheckKind.Http),
            Statuses = parsed.GetValue(_statuses) ?? [],
            Text = parsed.GetValue(_text),
            Command = command?[0],
            Arguments = command?[1..] ?? [],
            Pattern = pattern,
            Startup = Within(null),
            Liveness = Within(null),
        };

        CheckLimits? Within(CheckLimits? limits) => timeout is null ? limits : (limits ?? new CheckLimits()) with { Timeout = timeout };
    }

    private static HealthCheckKind? ParseKind(ArgumentResult result) =>
        Enum.GetValues<HealthCheckKind>().Select(kind => (HealthCheckKind?)kind)
            .FirstOrDefault(kind => string.Equals(kind.ToString(), result.Tokens[0].Value, StringComparison.OrdinalIgnoreCase))
        ?? CliOptions.Wrong<HealthCheckKind?>(result, $"'{result.Tokens[0].Value}' is not one of http, https, tcp, command, log and notify");

    private static int[] ParseStatuses(ArgumentResult result)
    {
        var statuses = new List<int>();
        foreach (var part in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            {
                return CliOptions.Wrong<int[]>(result, $"'{result.Tokens[0].Value}' is not a list of HTTP statuses (like 200,204)") ?? [];
            }

            statuses.Add(status);
        }

        return [.. statuses];
    }
}
