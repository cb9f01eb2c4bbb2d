using System.Buffers;
using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Puts text that others wrote (paths, messages, logs) into Markdown so that it stays text: no markup, no cell, no terminal command.</summary>
internal static partial class MarkdownText
{
    private const char Replacement = '\uFFFD';

    // All that begins something inside of a line; what does so only at the beginning of one is never put there.
    private static readonly SearchValues<char> Special = SearchValues.Create("\\`*_{}[]<>|~#&!$");

    /// <summary>Text on one line, also good for a table cell.</summary>
    internal static string Line(string text)
    {
        var line = Plain(text.ReplaceLineEndings(" ")).Trim();
        return line.AsSpan().IndexOfAny(Special) < 0
            ? line
            : string.Concat(line.Select(c => Special.Contains(c) ? $"\\{c}" : c.ToString()));
    }

    /// <summary>Lines as a block that nothing in them can end.</summary>
    internal static string Block(IEnumerable<string> lines)
    {
        var content = lines.Select(line => Plain(line.ReplaceLineEndings(" "))).ToList();
        var longest = content.Select(LongestRunOfBackticks).DefaultIfEmpty(0).Max();
        var fence = new string('`', Math.Max(3, longest + 1));
        return string.Join('\n', [fence + "text", .. content, fence]);
    }

    // Colours are taken out whole; what else could drive a terminal is made visible.
    private static string Plain(string text)
    {
        var plain = Colours().Replace(text, "");
        return plain.Any(c => char.IsControl(c) && c != '\t')
            ? string.Concat(plain.Select(c => c == '\t' || !char.IsControl(c) ? c : Replacement))
            : plain;
    }

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
