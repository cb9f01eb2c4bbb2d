using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>Says in one line what is wrong with a command line, and names the help.</summary>
internal static class UsageErrors
{
    /// <summary>What is wrong; <see langword="null"/> for a valid command line, and for help or completion.</summary>
    internal static string? Find(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Action is not ParseErrorAction && parsed.Action != command.Action)
        {
            return null;
        }

        var what = DaemonCommandLine.StrayWord(parsed) is { } stray ? Stray(stray, command)
            : parsed.UnmatchedTokens is [var unmatched, ..] ? Unknown(unmatched, command)
            : parsed.Errors is [var error, ..] ? Describe(error, command)
            : null;
        return what is null ? null : $"{what} (see '{HelpOf(parsed)}')";
    }

    private static string Stray(string word, Command command) =>
        word.StartsWith('-') ? Unknown(word, command) : $"unexpected '{word}'; the daemon's command goes after '--'";

    private static string Describe(ParseError error, Command command) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name} needs a value",
        OptionResult { Option.Arity.MaximumNumberOfValues: 1, Tokens.Count: > 1 } option => $"{option.Option.Name} is given more than once",
        ArgumentResult { Tokens.Count: 0, Argument.HelpName: { } values, Parent: CommandResult } => $"{command.Name} needs one of {values.Replace("|", ", ", StringComparison.Ordinal)}",
        CommandResult when command.Subcommands.Count > 0 => $"a command is missing: {Names(command.Subcommands)}",
        _ => error.Message.TrimEnd('.'),
    };

    /// <summary>The message for an unknown word, with the nearest known word.</summary>
    private static string Unknown(string word, Command command)
    {
        var isOption = word.StartsWith('-');
        var known = isOption
            ? command.Options.Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name))
            : command.Subcommands.Select(c => c.Name);
        var nearest = Nearest.To(word, known);
        return (isOption ? $"unknown option '{word}'" : command.Subcommands.Count > 0 ? $"unknown command '{word}'" : $"unexpected '{word}'")
            + (nearest is null ? "" : $"; did you mean '{nearest}'?");
    }

    private static string HelpOf(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result?.Parent is CommandResult parent; result = parent)
        {
            names.Insert(0, result.Command.Name);
        }

        return string.Join(' ', ["monitor", .. names, "--help"]);
    }

    private static string Names(IEnumerable<Command> commands)
    {
        var names = commands.Where(c => !c.Hidden).Select(c => c.Name).ToArray();
        return $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }
}

/// <summary>The user's input is invalid: one line, exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
