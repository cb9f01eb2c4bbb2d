using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Reads the body of a health answer: PID and port in it, and its first lines.</summary>
internal static class HealthBody
{
    /// <summary>Bytes that are enough for <see cref="Lines"/>.</summary>
    internal const int ExcerptBytes = 4 * MostCharacters;

    private const int MostLines = 3;
    private const int MostCharacters = 500;
    private const int MostDigits = 20;

    /// <summary>Compares the numbers <c>pid</c> and <c>port</c> at the top of a JSON object, or its beginning, with this instance's.</summary>
    /// <returns>The difference, or <see langword="null"/>. Also <see langword="null"/> for a body that is no JSON object or has neither number.</returns>
    public static string? Mismatch(ReadOnlySpan<byte> body, bool complete, int port, Func<int, bool> isExpectedPid)
    {
        if (body.StartsWith("\uFEFF"u8))
        {
            body = body[3..];
        }

        // Most bodies that are no JSON object end here, without an exception.
        if (!body.TrimStart(" \t\r\n"u8).StartsWith((byte)'{'))
        {
            return null;
        }

        string? mismatch = null;
        var reader = new Utf8JsonReader(body, complete, default);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isPid = IsNamed(ref reader, "pid"u8);
                var isPort = IsNamed(ref reader, "port"u8);
                if (!reader.Read())
                {
                    break;
                }

                if (reader.TokenType == JsonTokenType.Number)
                {
                    var isInteger = reader.TryGetInt32(out var number);
                    if (isPid && !(isInteger && isExpectedPid(number)))
                    {
                        mismatch ??= $"the body names PID {Shown(reader.ValueSpan)}, which does not belong to this instance";
                    }
                    else if (isPort && !(isInteger && number == port))
                    {
                        mismatch ??= $"the body names port {Shown(reader.ValueSpan)} instead of {port}";
                    }
                }
                else if (!reader.TrySkip())
                {
                    break;
                }
            }

            if (complete)
            {
                // Text after the object means that it is not JSON.
                while (reader.Read())
                {
                }
            }

            return mismatch;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The first lines of a body, or the last ones: 3 lines and 500 characters at most, without empty lines and control characters.</summary>
    public static IReadOnlyList<string> Lines(ReadOnlySpan<byte> body, bool last = false)
    {
        body = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        var bytes = body.Length <= ExcerptBytes ? body : last ? body[^ExcerptBytes..] : body[..ExcerptBytes];
        var text = Encoding.UTF8.GetString(bytes);
        var lines = (IsHtml(text) ? WithoutTags(text) : text).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
        var chosen = last ? lines.TakeLast(MostLines) : lines.Take(MostLines);
        var left = MostCharacters;
        var found = new List<string>();
        foreach (var line in chosen.TakeWhile(_ => left > 0))
        {
            var shown = Cut(Harmless(line), left);
            left -= shown.Length;
            found.Add(shown);
        }

        return found;
    }

    // A name with half of a surrogate pair is valid JSON, and no text.
    private static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        try
        {
            return reader.ValueTextEquals(name);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    // A pair of characters is not cut in the middle.
    private static string Cut(string line, int most) => line.Length <= most ? line
        : string.Concat(line.AsSpan(0, most - (most > 1 && char.IsHighSurrogate(line[most - 2]) ? 2 : 1)), "…");

    // JSON has no limit for the digits of a number.
    private static string Shown(ReadOnlySpan<byte> number) => Cut(Encoding.UTF8.GetString(number), MostDigits);

    private static bool IsHtml(string text) =>
        text.AsSpan().TrimStart() is var start
        && (start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase));

    // The first lines of an error page are tags only.
    private static string WithoutTags(string html)
    {
        var text = new StringBuilder();
        var isTag = false;
        foreach (var c in html)
        {
            isTag = c == '<' || (isTag && c != '>');
            if (!isTag && c != '>')
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    // Characters that change the direction of text are invisible too.
    private static string Harmless(string line) => VisibleText.Of(line.Any(IsInvisible) ? string.Concat(line.Select(c => IsInvisible(c) ? '\uFFFD' : c)) : line);

    private static bool IsInvisible(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
