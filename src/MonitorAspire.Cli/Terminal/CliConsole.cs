using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Cli.Terminal;

/// <summary>
/// Standard output for results, standard error for messages. Colour and redrawing only on a
/// terminal; <see href="https://no-color.org">NO_COLOR</see> and <c>TERM=dumb</c> are respected.
/// </summary>
internal sealed class CliConsole : IDisposable
{
    private readonly CancellationTokenSource _outputGone;

    internal CliConsole(TextWriter output, TextWriter error, TerminalTraits outputTraits, TerminalTraits errorTraits, CancellationTokenSource? outputGone = null)
    {
        Out = output;
        Error = error;
        OutputTraits = outputTraits;
        ErrorTraits = errorTraits;
        _outputGone = outputGone ?? new CancellationTokenSource();
    }

    /// <summary>Results, and nothing else.</summary>
    internal TextWriter Out { get; }

    /// <summary>Progress, notes and failures.</summary>
    internal TextWriter Error { get; }

    internal TerminalTraits OutputTraits { get; }

    internal TerminalTraits ErrorTraits { get; }

    /// <summary>Cancelled when a write failed because nobody reads the output any more, as in <c>monitor logs -f | head</c>.</summary>
    internal CancellationToken OutputGone => _outputGone.Token;

    /// <summary>The console of this process.</summary>
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

    /// <summary>One line of a failure on standard error.</summary>
    /// <param name="message">The sentence, without the program's name.</param>
    internal void Fail(string message)
    {
        Error.Write(Styles.Apply("monitor:", Tone.Bad, ErrorTraits.Colour));
        Error.WriteLine($" {Printable.Line(message)}");
    }

    /// <summary>One line on standard error that is not a failure.</summary>
    /// <param name="message">The sentence.</param>
    internal void Note(string message) => Error.WriteLine(Styles.Apply(Printable.Line(message), Tone.Dim, ErrorTraits.Colour));

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
