namespace MonitorAspire.Cli.Terminal;

/// <summary>Replaces control characters in text from other programs (process names, records, logs), so that it cannot control the terminal.</summary>
internal static class Printable
{
    private const char Replacement = '\uFFFD';

    internal static string Line(string text) => text.AsSpan().IndexOfAnyInRange('\0', '\u001F') < 0 && text.AsSpan().IndexOfAnyInRange('\u007F', '\u009F') < 0
        ? text
        : string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                var c = source[i];
                span[i] = c is '\n' or '\r' or '\t' ? ' ' : char.IsControl(c) ? Replacement : c;
            }
        });
}
