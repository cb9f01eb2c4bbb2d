using System.CommandLine;
using System.CommandLine.Parsing;

namespace MonitorAspire.Cli.CommandLine;

/// <summary><c>--env NAME=VALUE</c>, which may be given more than once.</summary>
internal sealed class VariableOption : Option<string[]>
{
    internal VariableOption()
        : base("--env")
    {
        Description = "A variable for the daemon's environment; may be repeated. It is stored with the definition and never shown.";
        HelpName = "NAME=VALUE";
        CustomParser = Parse;
        AllowMultipleArgumentsPerToken = false;
    }

    /// <summary>The given variables over those that were stored.</summary>
    internal IReadOnlyDictionary<string, string?> Over(IReadOnlyDictionary<string, string?> stored, ParseResult parsed)
    {
        var variables = new Dictionary<string, string?>(stored, StringComparer.Ordinal);
        foreach (var variable in parsed.GetValue(this) ?? [])
        {
            var end = variable.IndexOf('=', StringComparison.Ordinal);
            variables[variable[..end]] = variable[(end + 1)..];
        }

        return variables;
    }

    // The value may be a secret, so no message quotes it.
    private static string[] Parse(ArgumentResult result) =>
        result.Tokens.Any(t => t.Value.IndexOf('=', StringComparison.Ordinal) < 1)
            ? CliOptions.Wrong<string[]>(result, "a variable is written as NAME=VALUE") ?? []
            : [.. result.Tokens.Select(t => t.Value)];
}
