using System.Buffers;
using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Escapes text from other sources (paths, messages, logs) for Markdown: it cannot become markup, a table cell or a terminal command.</summary>
internal static partial class MarkdownText
{
    // Characters with a meaning inside a line. Text is never at the beginning of a line, so characters that have a meaning only there are missing.
    private static readonly SearchValues<char> Special = SearchValues.Create("\\`*_{}[]<>|~#&!$");

    /// <summary>Text on one line or in a table cell.</summary>
    internal static string Line(string text)
    {
        var line = Plain(text.ReplaceLineEndings(" ")).Trim();
        return line.AsSpan().IndexOfAny(Special) < 0
            ? line
            : string.Concat(line.Select(c => Special.Contains(c) ? $"\\{c}" : c.ToString()));
    }

    /// <summary>Lines as a code block. Its fence is longer than any run of backticks in the lines.</summary>
    internal static string Block(IEnumerable<string> lines)
    {
        var content = lines.Select(line => Plain(line.ReplaceLineEndings(" "))).ToList();
        var longest = content.Select(LongestRunOfBackticks).DefaultIfEmpty(0).Max();
        var fence = new string('`', Math.Max(3, longest + 1));
        return string.Join('\n', [fence + "text", .. content, fence]);
    }

    private static string Plain(string text) => VisibleText.Of(Colours().Replace(text, ""));

    private static int LongestRunOfBackticks(string line)
    {
        var (longest, run) = (0, 0);
        foreach (var c in line)
        {
            run = c == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    [GeneratedRegex(@"\x1B\[[0-9;:]*m")]
    private static partial Regex Colours();
}
