using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MonitorAspire.Cli.CommandLine;

namespace MonitorAspire.Cli.Logs;

/// <summary>An option for a number of bytes, as in <c>500k</c>, <c>10M</c> and <c>1G</c>; units of 1024.</summary>
internal static class ByteSizeOption
{
    internal static Option<long?> Create(string name, string description) => new(name) { Description = description, HelpName = "SIZE", CustomParser = Parse };

    private static long? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var digits = text.TrimEnd('k', 'K', 'm', 'M', 'g', 'G');
        var unit = text[digits.Length..].ToUpperInvariant() switch { "" => 1L, "K" => 1L << 10, "M" => 1L << 20, "G" => 1L << 30, _ => 0 };
        return unit > 0 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= (1L << 50) / unit
            ? number * unit
            : CliOptions.Wrong<long?>(result, $"'{text}' is not a size like 500k, 10M or 1G");
    }
}
