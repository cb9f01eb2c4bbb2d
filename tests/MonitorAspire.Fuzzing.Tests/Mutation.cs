using System.Text;
using CsCheck;

namespace MonitorAspire.Fuzzing.Tests;

/// <summary>Makes broken messages of valid ones, by up to eight changes in a row.</summary>
internal static class Mutation
{
    private const int Scale = 1 << 16;
    private const int LongestMessage = 200_000;

    // What has broken parsers before: limits of numbers, half characters, ends of lines, and the punctuation of the formats.
    private static readonly byte[][] Tokens =
    [
        .. ((string[])
        [
            "0", "-1", "-0", "+5", "255", "65535", "65536", "2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
            "18446744073709551616", new string('9', 400), "0x7f", "1e400", "-1e-400", "NaN", "Infinity", "00000000000000000001", "7fffffffffffffff", "ffffffffffffffff",
            "\0", "\n", "\r\n", "\r", "\t", " ", "\v", "\u0085", "\u2028", "\u202E", "\u200B", "\uFEFF", "\u001b[2J", "😀", "\U000E0041", "\"", "\\", "\\ud800", "\\udc00\\ud800",
            "\\u0000", "null", "true", "{", "}", "[", "]", "[null]", "{}", "[[[[[[[[", ":", ",", ";", "=", "'", "(", ")", ") R 1 1 1", " (", "%00", "%0d%0a", "../", "/", "//", "@", "#", "?",
            "{port}", "{{port}}", "***", "HTTP/1.1 100 Continue\r\n\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "0\r\n\r\n", "READY=1\n", "MAINPID=", "socket:[",
            "10675199.02:48:05.4775807", "-10675199.02:48:05.4775808", "9999-12-31T23:59:59.9999999+14:00", "0001-01-01T00:00:00Z", "--", "-", "~",
        ]).Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF, 0xFE, 0, 0],
    ];

    private static readonly Gen<(int Kind, int At, int Length, int Value)> Step =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, Scale - 1], Gen.Int[0, Scale - 1], Gen.Int[0, int.MaxValue - 1]);

    /// <summary>A sample, changed.</summary>
    internal static Gen<byte[]> Of(IReadOnlyList<byte[]> samples) =>
        from sample in Gen.Int[0, samples.Count - 1]
        from steps in Step.Array[0, 8]
        select steps.Aggregate(samples[sample], (bytes, step) => Apply(bytes, step, samples));

    private static byte[] Apply(byte[] bytes, (int Kind, int At, int Length, int Value) step, IReadOnlyList<byte[]> samples)
    {
        if (bytes.Length is 0 or > LongestMessage)
        {
            return bytes.Length == 0 ? Tokens[step.Value % Tokens.Length] : bytes[..LongestMessage];
        }

        var at = (int)((long)step.At * bytes.Length / Scale);

        // Mostly a few bytes, seldom very many.
        var length = Math.Min(bytes.Length - at, 1 + (step.Length % 3 == 0 ? (int)((long)step.Length * bytes.Length / Scale) : step.Length % 12));
        var before = bytes.AsSpan(0, at);
        var part = bytes.AsSpan(at, length);
        var after = bytes.AsSpan(at + length);
        return step.Kind switch
        {
            0 => [.. before, (byte)(bytes[at] ^ (1 << (step.Value % 8))), .. bytes.AsSpan(at + 1)],
            1 => [.. before, (byte)step.Value, .. bytes.AsSpan(at + 1)],
            2 => [.. before, .. after],
            3 => [.. before],
            4 => [.. before, .. part, .. part, .. after],
            5 => [.. before, .. Repeated(part, step.Value), .. after],
            6 or 7 => [.. before, .. Tokens[step.Value % Tokens.Length], .. bytes.AsSpan(at)],
            8 => WithNumber(bytes, at, Tokens[step.Value % 23]),
            9 => [.. before, .. Tail(samples[step.Value % samples.Count], step.Length)],
            10 => [.. before, .. after, .. part],
            _ => [.. before, .. Tokens[step.Value % Tokens.Length], .. after],
        };
    }

    private static byte[] Repeated(ReadOnlySpan<byte> part, int value)
    {
        var times = value % 50 == 0 ? 70_000 / part.Length : value % 40;
        var repeated = new byte[part.Length * times];
        for (var i = 0; i < times; i++)
        {
            part.CopyTo(repeated.AsSpan(i * part.Length));
        }

        return repeated;
    }

    private static byte[] WithNumber(byte[] bytes, int at, byte[] number)
    {
        var start = at;
        while (start < bytes.Length && !char.IsAsciiDigit((char)bytes[start]))
        {
            start++;
        }

        var end = start;
        while (end < bytes.Length && char.IsAsciiDigit((char)bytes[end]))
        {
            end++;
        }

        return [.. bytes.AsSpan(0, start), .. number, .. bytes.AsSpan(end)];
    }

    private static ReadOnlySpan<byte> Tail(byte[] sample, int from) => sample.AsSpan((int)((long)from * sample.Length / Scale));
}
