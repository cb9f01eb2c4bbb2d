using System.CommandLine;
using System.CommandLine.Parsing;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>The words of <c>start</c> and <c>restart</c>: the name of a known daemon, and after <c>--</c> the daemon's own command line.</summary>
internal static class DaemonCommandLine
{
    private const string ArgumentName = "command";

    internal static Argument<string[]> Argument() => new(ArgumentName)
    {
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = static _ => [],
        // The library would show it without the '--'; the help text of the command shows it.
        Hidden = true,
    };

    /// <summary>The name before <c>--</c>, and the command after it. The library puts both into one argument.</summary>
    internal static (string? Name, string[] Command) Of(ParseResult parsed)
    {
        var (before, after) = Split(parsed, parsed.CommandResult.Children.OfType<ArgumentResult>().Where(a => a.Argument.Name == ArgumentName));
        return (before.FirstOrDefault(), after);
    }

    /// <summary>The first word of the command line that has no meaning where it stands. Usually it is a typing mistake: an option that does not
    /// exist, or a command of a daemon without <c>--</c> before it. It must not be executed.</summary>
    internal static string? StrayWord(ParseResult parsed)
    {
        var (before, _) = Split(parsed, parsed.CommandResult.Children.OfType<ArgumentResult>());
        return before.FirstOrDefault(word => word.StartsWith('-')) ?? (before.Length > 1 ? before[0] : null);
    }

    private static (string[] Before, string[] After) Split(ParseResult parsed, IEnumerable<ArgumentResult> arguments)
    {
        var separator = parsed.Tokens.ToList().FindIndex(t => t.Type == TokenType.DoubleDash);
        var afterSeparator = separator < 0 ? 0 : parsed.Tokens.Count - separator - 1;
        var words = arguments.SelectMany(a => a.Tokens).Select(t => t.Value).ToArray();
        var before = Math.Max(0, words.Length - afterSeparator);
        return (words[..before], words[before..]);
    }
}
