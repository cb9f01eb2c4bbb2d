using System.Buffers;
using System.Globalization;
using System.Text;

namespace MonitorAspire.Supervision.Probes;

/// <summary>
/// Reads one answer of HTTP/1.x (RFC 9112) from a connection: the status, the target of a redirect and the beginning of the body. A probe makes a
/// new connection each time and reads one answer from it, so nothing of a client with a pool is needed.
/// </summary>
internal sealed class HttpAnswer(Stream stream) : IDisposable
{
    // As HttpClient's default.
    private const int HeadLimit = 64 * 1024;
    private const int FirstLength = 2048;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstLength);
    private int _start;
    private int _end;
    private byte[] _body = [];
    private int _bodyLength;
    private long? _contentLength;
    private bool _isChunked;

    /// <summary>The status of the answer.</summary>
    public int Status { get; private set; }

    /// <summary>The header <c>Location</c>; <see langword="null"/> where there is none.</summary>
    public string? Location { get; private set; }

    /// <summary>What was read of the body. Valid until this is disposed.</summary>
    public ReadOnlySpan<byte> Body => _body.AsSpan(0, _bodyLength);

    /// <summary>Reads status line and headers. Informational answers (1xx) before the answer are skipped.</summary>
    /// <exception cref="IOException">The connection ended before that, or this is not HTTP/1.x.</exception>
    public async ValueTask ReadHeadAsync(CancellationToken token)
    {
        do
        {
            (_contentLength, _isChunked, Location) = (null, false, null);
            var left = HeadLimit;
            Status = ParseStatus(Line(await FindLineAsync(left, token).ConfigureAwait(false), ref left));
            while (ReadHeader(await FindLineAsync(left, token).ConfigureAwait(false), ref left))
            {
            }
        }
        while (Status is >= 100 and < 200 and not 101);
    }

    /// <summary>Reads the body, or its beginning where it is longer than the limit.</summary>
    /// <exception cref="IOException">The connection ended before the end of the body. What was read is in <see cref="Body"/>.</exception>
    public async ValueTask ReadBodyAsync(int limit, CancellationToken token)
    {
        if (Status is 101 or 204 or 304)
        {
            return;
        }

        if (_isChunked)
        {
            await ReadChunksAsync(limit, token).ConfigureAwait(false);
        }
        else if (!await ReadPartAsync(_contentLength ?? long.MaxValue, limit, token).ConfigureAwait(false) && _contentLength is not null)
        {
            throw EndedEarly();
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        if (_body.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_body);
        }

        (_buffer, _body, _bodyLength) = ([], [], 0);
    }

    // RFC 9112, 7.1: size in hexadecimal digits, extensions after a semicolon, data, line end; after a chunk of size 0 come trailers.
    private async ValueTask ReadChunksAsync(int limit, CancellationToken token)
    {
        while (_bodyLength < limit)
        {
            var left = HeadLimit;
            var size = ParseChunkSize(Line(await FindLineAsync(left, token).ConfigureAwait(false), ref left));
            if (size == 0)
            {
                while (Line(await FindLineAsync(left, token).ConfigureAwait(false), ref left).Length > 0)
                {
                }

                return;
            }

            if (!await ReadPartAsync(size, limit, token).ConfigureAwait(false))
            {
                throw EndedEarly();
            }

            if (_bodyLength < limit && Line(await FindLineAsync(left, token).ConfigureAwait(false), ref left).Length > 0)
            {
                throw new IOException("a chunk of the body is longer than its size");
            }
        }
    }

    /// <summary>Reads so many bytes of the body, or as many as the limit leaves. False where the connection ended before.</summary>
    private async ValueTask<bool> ReadPartAsync(long length, int limit, CancellationToken token)
    {
        for (var left = Math.Min(length, limit - _bodyLength); left > 0;)
        {
            if (_start == _end && !await FillAsync(token).ConfigureAwait(false))
            {
                return false;
            }

            var count = (int)Math.Min(left, _end - _start);
            if (_bodyLength + count > _body.Length)
            {
                Grow(ref _body, _bodyLength, _bodyLength + count);
            }

            _buffer.AsSpan(_start, count).CopyTo(_body.AsSpan(_bodyLength));
            (_start, _bodyLength, left) = (_start + count, _bodyLength + count, left - count);
        }

        return true;
    }

    /// <summary>The length of the next line with its line feed, which is in the buffer then.</summary>
    private async ValueTask<int> FindLineAsync(int left, CancellationToken token)
    {
        for (var searched = 0; ;)
        {
            var at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            var length = at < 0 ? _end - _start : searched + at + 1;
            if (length > left)
            {
                throw new IOException("the head of the answer is longer than 64 KiB");
            }

            if (at >= 0)
            {
                return length;
            }

            searched = length;
            if (!await FillAsync(token).ConfigureAwait(false))
            {
                throw EndedEarly();
            }
        }
    }

    // A line may end with a line feed alone (RFC 9112, 2.2).
    private ReadOnlySpan<byte> Line(int length, ref int left)
    {
        var line = _buffer.AsSpan(_start, length - 1);
        _start += length;
        left -= length;
        return line.EndsWith((byte)'\r') ? line[..^1] : line;
    }

    /// <summary>Takes a header. False for the empty line after the last one.</summary>
    private bool ReadHeader(int length, ref int left)
    {
        var line = Line(length, ref left);
        if (line.IsEmpty)
        {
            return false;
        }

        if (line[0] is (byte)' ' or (byte)'\t')
        {
            return true; // continues the header before it (RFC 9112, 5.2); none that is needed is so long
        }

        // RFC 9110, 5.5: a message with such a header is refused.
        if (line.Contains((byte)0))
        {
            throw new IOException("a header of the answer has a NUL in it");
        }

        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            throw new IOException("a header of the answer has no name");
        }

        var name = line[..colon].TrimEnd((byte)' ');
        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
        {
            if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes))
            {
                _contentLength = _contentLength is null || _contentLength == bytes ? bytes : throw new IOException("the answer has two different lengths");
            }
        }
        else if (Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8))
        {
            // The last coding is the one that tells where the body ends.
            _isChunked = Ascii.EqualsIgnoreCase(value[(value.LastIndexOf((byte)',') + 1)..].TrimStart((byte)' '), "chunked"u8);
        }
        else if (Ascii.EqualsIgnoreCase(name, "Location"u8))
        {
            Location = Encoding.UTF8.GetString(value);
        }

        return true;
    }

    private static int ParseStatus(ReadOnlySpan<byte> line) =>
        line.StartsWith("HTTP/1."u8) && line.Length >= 12 && char.IsAsciiDigit((char)line[7]) && line[8] == ' ' && (line.Length == 12 || line[12] == ' ')
        && int.TryParse(line.Slice(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            ? status
            : throw new IOException("the answer does not begin with a status line of HTTP/1.1");

    private static long ParseChunkSize(ReadOnlySpan<byte> line)
    {
        var digits = line[..(line.IndexOf((byte)';') is >= 0 and var end ? end : line.Length)].Trim((byte)' ');
        return long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) && size >= 0
            ? size
            : throw new IOException("the size of a chunk is no number");
    }

    private async ValueTask<bool> FillAsync(CancellationToken token)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length && _start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        else if (_end == _buffer.Length)
        {
            Grow(ref _buffer, _end, 2 * _end);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end), token).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    private static void Grow(ref byte[] buffer, int used, int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * used));
        buffer.AsSpan(0, used).CopyTo(larger);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        buffer = larger;
    }

    private static IOException EndedEarly() => new("the connection was closed before the end of the answer");
}
