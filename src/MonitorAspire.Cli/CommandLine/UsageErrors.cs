using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace MonitorAspire.Cli.CommandLine;

/// <summary>Says in one line what is wrong with a command line, and names the help.</summary>
internal static class UsageErrors
{
    private const int FurthestGuess = 2;

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
        var nearest = Nearest(word, known);
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

    /// <summary>The known word that is at most two edits away, or <see langword="null"/>.</summary>
    private static string? Nearest(string word, IEnumerable<string> known) => known
        .Select(k => (Word: k, Distance: Distance(word, k)))
        .Where(k => k.Distance <= FurthestGuess && k.Distance < k.Word.TrimStart('-').Length)
        .OrderBy(k => k.Distance)
        .Select(k => k.Word)
        .FirstOrDefault();

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                current[j] = Math.Min(substitution, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}

/// <summary>The user's input is invalid: one line, exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
