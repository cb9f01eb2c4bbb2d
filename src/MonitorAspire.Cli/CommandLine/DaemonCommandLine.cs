using System.CommandLine;
using System.CommandLine.Parsing;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>The daemon's own command line, which stands after <c>--</c>.</summary>
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

    /// <summary>The first word that the parser took for the daemon's command although there is no <c>--</c> before it. Usually it is a
    /// typing mistake, and it must not be executed.</summary>
    internal static string? StrayWord(ParseResult parsed)
    {
        var separator = parsed.Tokens.ToList().FindIndex(t => t.Type == TokenType.DoubleDash);
        var afterSeparator = separator < 0 ? 0 : parsed.Tokens.Count - separator - 1;
        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().Where(a => a.Argument.Name == ArgumentName).SelectMany(a => a.Tokens).ToList();
        return arguments.Count > afterSeparator ? arguments[0].Value : null;
    }

    /// <summary>The specification with the command, if one was given.</summary>
    internal static DaemonSpec Apply(string[]? command, DaemonSpec spec) =>
        command is [var executable, .. var arguments] ? spec with { Command = executable, Arguments = arguments } : spec;
}
