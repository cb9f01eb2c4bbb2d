using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Cli.Terminal;

/// <summary>Standard output for results, standard error for messages. Colour and redrawing only on a terminal; <see
/// href="https://no-color.org">NO_COLOR</see> and <c>TERM=dumb</c> are respected.</summary>
internal sealed class CliConsole(
    TextWriter output, TextWriter error, TerminalTraits outputTraits, TerminalTraits errorTraits, CancellationTokenSource? outputGone = null) : IDisposable
{
    private readonly CancellationTokenSource _outputGone = outputGone ?? new();

    internal TextWriter Out { get; } = output;

    internal TextWriter Error { get; } = error;

    internal TerminalTraits OutputTraits { get; } = outputTraits;

    internal TerminalTraits ErrorTraits { get; } = errorTraits;

    /// <summary>Cancelled when a write failed because the reader of the output has gone, as in <c>monitor logs -f | head</c>.</summary>
    internal CancellationToken OutputGone => _outputGone.Token;

    internal static CliConsole ForProcess()
    {
        var gone = new CancellationTokenSource();
        return new CliConsole(
            Writer(StandardOutput(), gone.Cancel),
            Writer(Console.OpenStandardError(), static () => { }),
            TerminalTraits.Of(Console.IsOutputRedirected),
            TerminalTraits.Of(Console.IsErrorRedirected),
            gone);
    }

    /// <summary>One line of a failure on standard error, after the name of the program.</summary>
    internal void Fail(string message)
    {
        Error.Write(Styles.Apply("monitor:", Tone.Bad, ErrorTraits.Colour));
        Error.WriteLine($" {VisibleText.Line(message)}");
    }

    /// <summary>One line on standard error that is not a failure.</summary>
    internal void Note(string message) => Error.WriteLine(Styles.Apply(VisibleText.Line(message), Tone.Dim, ErrorTraits.Colour));

    /// <summary>One JSON document on standard output.</summary>
    internal void WriteJson<T>(T document, JsonTypeInfo<T> type) => Out.WriteLine(JsonSerializer.Serialize(document, type));

    public void Dispose()
    {
        Out.Dispose();
        Error.Dispose();
        _outputGone.Dispose();
    }

    // The console's own stream hides that the reader of a pipe has gone (it ignores EPIPE), so a pipe is written to directly.
    // A file is not, because another descriptor (2>&1) may share its position.
    private static Stream StandardOutput()
    {
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
        {
            var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek)
            {
                return pipe;
            }
        }

        return Console.OpenStandardOutput();
    }

    private static StreamWriter Writer(Stream stream, Action gone) =>
        new(new LenientStream(stream, gone), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
}

/// <summary>The abilities of a standard stream: a person looks at it, colours are wanted, and the cursor can be moved.</summary>
internal readonly record struct TerminalTraits(bool IsTerminal, bool Colour, bool Redraw)
{
    internal static TerminalTraits Of(bool isRedirected)
    {
        if (isRedirected)
        {
            return default;
        }

        var term = Environment.GetEnvironmentVariable("TERM");
        var dumb = term == "dumb" || (term is null && !OperatingSystem.IsWindows());
        var noColour = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new TerminalTraits(IsTerminal: true, Colour: !dumb && !noColour, Redraw: !dumb);
    }
}

/// <summary>A standard stream whose reader may go away. That is not an error of this program: the first failed write is reported once, and
/// later writes are dropped.</summary>
internal sealed class LenientStream(Stream inner, Action gone) : WriteOnlyStream
{
    private bool _gone;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_gone)
        {
            return;
        }

        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _gone = true;
            gone();
        }
    }

    public override void Flush()
    {
        if (!_gone)
        {
            inner.Flush();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
