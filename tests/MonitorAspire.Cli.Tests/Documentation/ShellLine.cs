using System.Text;

namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>Splits a line of shell into its simple commands, as far as our pages use the shell.</summary>
internal static class ShellLine
{
    private static readonly string[] Prefixes = ["sudo", "source", "exec"];

    /// <summary>The simple commands, each as words without quotes. What stands in <c>$(…)</c> and <c>&lt;(…)</c> is a command too.</summary>
    internal static IEnumerable<IReadOnlyList<string>> Commands(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        var inWord = false;
        for (var i = 0; i <= line.Length; i++)
        {
            var c = i < line.Length ? line[i] : '\0';
            if (quote == '\'' && c != '\'' && c != '\0')
            {
                word.Append(c);
            }
            else if (c is '\'' or '"' && (quote == '\0' || quote == c))
            {
                quote = quote == c ? '\0' : c;
                inWord = true;
            }
            else if (c == '#' && !inWord && quote == '\0')
            {
                break;
            }
            else if (c is '$' or '<' && i + 1 < line.Length && line[i + 1] == '(')
            {
                // The inner command stands alone; what is around it goes on with its output as a word.
                var end = line.IndexOf(')', i);
                foreach (var inner in Commands(line[(i + 2)..end]))
                {
                    yield return inner;
                }

                word.Append("output");
                inWord = true;
                i = end;
            }
            else if (quote == '\0' && (c is '|' or ';' or '&' or '>' or '\0' || char.IsWhiteSpace(c)))
            {
                if (inWord || word.Length > 0)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    inWord = false;
                }

                if (!char.IsWhiteSpace(c))
                {
                    if (words.Count > 0)
                    {
                        yield return WithoutPrefix(words);
                    }

                    words = [];

                    // What follows '>' is a file, which is no command; as a command of one word it does no harm.
                }
            }
            else if (c != '\0')
            {
                word.Append(c);
                inWord = true;
            }
        }

        if (words.Count > 0)
        {
            yield return WithoutPrefix(words);
        }
    }

    private static List<string> WithoutPrefix(List<string> words)
    {
        var i = 0;
        while (i < words.Count && (Prefixes.Contains(words[i]) || IsAssignment(words[i])))
        {
            i += words[i] == "sudo" && words.ElementAtOrDefault(i + 1) == "-u" ? 3 : 1;
        }

        return words[i..];
    }

    private static bool IsAssignment(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && word[..equals].All(c => char.IsAsciiLetterUpper(c) || c == '_');
}
