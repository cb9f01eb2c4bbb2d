using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MonitorAspire.Cli.Terminal;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>An option whose value is a duration, typed and shown as people write it.</summary>
internal sealed class DurationOption : Option<TimeSpan?>
{
    private readonly TimeSpan? _default;
    private readonly bool _mayBeZero;

    /// <summary>Makes the option. A default that depends on other things is <see langword="null"/>, and the description names it.</summary>
    internal DurationOption(string name, string description, TimeSpan? defaultValue, bool mayBeZero = false)
        : base(name)
    {
        _default = defaultValue;
        _mayBeZero = mayBeZero;
        Description = string.Create(CultureInfo.InvariantCulture, $"{description} 500ms, 30s, 2m, 1d, or seconds.{(defaultValue is { } value ? $" [default: {value.TotalSeconds}s]" : "")}");
        HelpName = "TIME";
        CustomParser = Parse;
    }

    /// <summary>The value that was typed, or the default of an option that has one.</summary>
    internal TimeSpan In(ParseResult parsed) => parsed.GetValue(this) ?? _default ?? throw new InvalidOperationException($"{Name} has no default");

    private TimeSpan? Parse(ArgumentResult result) =>
        Durations.TryParse(result.Tokens[0].Value, out var duration) && (_mayBeZero || duration > TimeSpan.Zero)
            ? duration
            : CliOptions.Wrong<TimeSpan?>(result, $"'{result.Tokens[0].Value}' is not a duration (like 500ms, 30s or 2m, {(_mayBeZero ? "0 to 1d" : "more than 0 and at most 1d")})");
}
