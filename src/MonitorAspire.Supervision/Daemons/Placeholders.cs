using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// The placeholders in arguments and variables of a daemon: <c>{port}</c>, <c>{host}</c>, <c>{pidfile}</c> and <c>{statedir}</c>. Two braces,
/// as in <c>{{port}}</c>, stand for the text <c>{port}</c> itself. All other braces stay as they are.
/// </summary>
internal static partial class Placeholders
{
    internal const string PidFile = "pidfile";

    /// <summary>Replaces every placeholder by the value of its name, in one pass, so that a value is never read as a placeholder.</summary>
    internal static string Fill(string text, Func<string, string> valueOf) => Pattern().Replace(
        text,
        match => match.Groups["literal"] is { Success: true, Value: var literal } ? $"{{{literal}}}" : valueOf(match.Groups["name"].Value));

    /// <summary>The text that <see cref="Fill"/> turns into this one: what looks like a placeholder stays as it is.</summary>
    internal static string Quote(string text) => Pattern().Replace(text, match => $"{{{match.Value}}}");

    /// <summary>Whether the text has the placeholder of this name.</summary>
    internal static bool Has(string text, string name) => Pattern().Matches(text).Any(match => match.Groups["name"].Value == name);

    [GeneratedRegex(@"\{(?:\{(?<literal>port|host|pidfile|statedir)\}|(?<name>port|host|pidfile|statedir))\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
