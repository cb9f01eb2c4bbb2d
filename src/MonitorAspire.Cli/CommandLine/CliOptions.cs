using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>Options of several commands. Each command gets its own instances.</summary>
internal static class CliOptions
{
    internal static Option<int> Port(string name = "--port", string description = "TCP port of the daemon, 1-65535.", int defaultValue = DaemonSpec.DefaultPort) => new(name)
    {
        Description = description,
        HelpName = "PORT",
        CustomParser = ParsePort,
        DefaultValueFactory = _ => defaultValue,
    };

    internal static Option<int?> OptionalPort(string description, string name = "--port") => new(name) { Description = description, HelpName = "PORT", CustomParser = static result => ParsePort(result) };

    internal static Option<string?> Host(string description = "Host name or address. [default: 127.0.0.1, or what the running daemon has]") => Text("--host", "HOST", description);

    internal static Option<string?> StateDirectory() => Text(
        "--state-dir", "DIR", "Where PID files, locks and logs are. [default: $MONITOR_STATE_DIR, else a directory of this user]");

    internal static Option<bool> Json(string description = "Print one JSON document on standard output.") => new("--json") { Description = description };

    internal static DurationOption StartTimeout() => new("--timeout", "Time for all stages of a start together:", TimeSpan.FromSeconds(30));

    internal static DurationOption GracePeriod() => new("--grace", "Time between SIGTERM and SIGKILL; 0 kills at once:", TimeSpan.FromSeconds(10), mayBeZero: true);

    internal static Option<bool> Rollback() => new("--rollback") { Description = "Start the old definition again when the new one fails its start." };

    internal static Option<PortRange?> PortRange() => new("--port-range")
    {
        Description = "Take the first free port of a range, as in 8768-8799.",
        HelpName = "A-B",
        CustomParser = ParseRange,
    };

    internal static Option<int> Number(string name, string helpName, string description, int minimum, int maximum, int defaultValue) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => ParseNumber(result, minimum, maximum),
        DefaultValueFactory = _ => defaultValue,
    };

    internal static Option<string?> Text(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = static result => result.Tokens is not [var token, ..] ? null
            : string.IsNullOrWhiteSpace(token.Value) ? Wrong<string?>(result, "needs a value that is not blank")
            : token.Value,
    };

    /// <summary>Refuses two options together.</summary>
    internal static void Exclude(this Command command, Option one, Option other, string because = "") => command.Validators.Add(result =>
    {
        if (IsSet(result, one) && IsSet(result, other))
        {
            result.AddError($"{one.Name} and {other.Name} exclude each other{because}");
        }
    });

    /// <summary>Refuses an option without another one.</summary>
    internal static void Require(this Command command, Option one, Option other, string because = "") => command.Validators.Add(result =>
    {
        if (IsSet(result, one) && !IsSet(result, other))
        {
            result.AddError($"{one.Name} goes with {other.Name}{because}");
        }
    });

    // A flag can be given as false.
    internal static bool IsSet(CommandResult result, Option option)
        => option is Option<bool> flag ? result.GetValue(flag) : result.GetResult(option) is { Implicit: false };

    private static int ParsePort(ArgumentResult result) =>
        TryPort(result.Tokens[0].Value, out var port) ? port : Wrong<int>(result, $"'{result.Tokens[0].Value}' is not a port (1-65535)");

    private static int ParseNumber(ArgumentResult result, int minimum, int maximum) =>
        int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum
            ? number
            : Wrong<int>(result, $"'{result.Tokens[0].Value}' is not a number from {minimum} to {maximum}");

    private static PortRange? ParseRange(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !TryPort(text[..dash], out var first) || !TryPort(text[(dash + 1)..], out var last))
        {
            return Wrong<PortRange?>(result, $"'{text}' is not a range of ports (like 8768-8799, within 1-65535)");
        }

        return first <= last ? new PortRange(first, last) : Wrong<PortRange?>(result, $"'{text}' ends before it begins");
    }

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    /// <summary>Reports an invalid value, with the option's name.</summary>
    internal static T? Wrong<T>(ArgumentResult result, string what)
    {
        result.AddError($"{(result.Parent as OptionResult)?.Option.Name}: {what}");
        return default;
    }
}

/// <summary>A range of ports, both ends included.</summary>
internal sealed record PortRange(int First, int Last);
