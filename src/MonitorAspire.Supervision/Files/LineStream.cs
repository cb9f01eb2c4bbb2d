using System.Text;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// Makes lines of bytes that come in blocks. A block may end anywhere, also inside a UTF-8 character. A line that is too long is cut into
/// pieces, so that a program that never writes a newline does not fill the memory.
/// </summary>
/// <param name="onLine">Takes each line, without its line ending.</param>
internal sealed class LineStream(Func<string, CancellationToken, ValueTask> onLine) : WriteOnlyStream
{
    /// <summary>Characters of the longest line; what is longer is cut.</summary>
    public const int MaximumLineLength = 32 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();
    private char[] _characters = new char[1];
    private bool _isReturn;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var needed = Encoding.UTF8.GetMaxCharCount(buffer.Length);
        if (_characters.Length < needed)
        {
            _characters = new char[needed];
        }

        await TakeAsync(_decoder.GetChars(buffer.Span, _characters, flush: false), cancellationToken).ConfigureAwait(false);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Gives the last line, if it has no line ending.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        // A character that is not complete becomes U+FFFD.
        await TakeAsync(_decoder.GetChars([], _characters, flush: true), cancellationToken).ConfigureAwait(false);
        if (_line.Length > 0 || _isReturn)
        {
            await EndLineAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async ValueTask TakeAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var c = _characters[i];
            if (c == '\n')
            {
                await EndLineAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (_isReturn)
            {
                await AddAsync('\r', cancellationToken).ConfigureAwait(false);
            }

            // It may be a part of the line ending.
            _isReturn = c == '\r';
            if (!_isReturn)
            {
                await AddAsync(c, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // A full line is cut by the next character, not by its line ending.
    private async ValueTask AddAsync(char c, CancellationToken cancellationToken)
    {
        if (_line.Length >= MaximumLineLength && !char.IsLowSurrogate(c))
        {
            await GiveAsync(cancellationToken).ConfigureAwait(false);
        }

        _line.Append(c);
    }

    private ValueTask EndLineAsync(CancellationToken cancellationToken)
    {
        _isReturn = false;
        return GiveAsync(cancellationToken);
    }

    private ValueTask GiveAsync(CancellationToken cancellationToken)
    {
        var line = _line.ToString();
        _line.Clear();
        return onLine(line, cancellationToken);
    }
}
