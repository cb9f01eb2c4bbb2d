using System.Globalization;
using System.Text;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// Makes visible what a terminal would carry out or hide: control characters, and format characters such as those that change the direction
/// of text, have no width, or end a line (https://www.unicode.org/reports/tr36/). For text of other programs that people read.
/// </summary>
internal static class VisibleText
{
    private const char Replacement = '\uFFFD';

    // Tags and variation selectors, which can hide a text in another one.
    private const int FirstHidden = 0xE0000;
    private const int LastHidden = 0xE0FFF;

    /// <summary>Text in which only tabs are left. A control character becomes U+FFFD, a format character its number, as in <c>&lt;U+202E&gt;</c>.</summary>
    internal static string Of(string text)
    {
        if (IsVisible(text))
        {
            return text;
        }

        var visible = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value != '\t' && Rune.IsControl(rune))
            {
                visible.Append(Replacement);
            }
            else if (IsHidden(rune))
            {
                visible.Append(CultureInfo.InvariantCulture, $"<U+{rune.Value:X4}>");
            }
            else
            {
                visible.Append(rune);
            }
        }

        return visible.ToString();
    }

    /// <summary>The same on one line: line breaks and tabs become spaces.</summary>
    internal static string Line(string text) =>
        Of(text.AsSpan().ContainsAny('\n', '\r', '\t') ? text.Replace('\n', ' ').Replace('\r', ' ').Replace('\t', ' ') : text);

    private static bool IsVisible(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return true;
        }

        foreach (var rune in text.EnumerateRunes())
        {
            // The replacement may stand for half of a pair.
            if ((rune.Value != '\t' && Rune.IsControl(rune)) || IsHidden(rune) || rune == Rune.ReplacementChar)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsHidden(Rune rune) =>
        rune.Value is >= FirstHidden and <= LastHidden
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
