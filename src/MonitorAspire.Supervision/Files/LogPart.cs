using System.IO.Compression;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>One open file of a log: the log itself or a part. Positions and lengths of a compressed part are those of its content.</summary>
internal sealed class LogPart : IDisposable
{
    private const int SampleBytes = 4096;

    private readonly SafeFileHandle _handle;
    private readonly long? _contentLength;
    private GZipStream? _content;
    private long _contentPosition;

    private LogPart(SafeFileHandle handle, FileIdentity identity, int index, bool isCompressed)
    {
        _handle = handle;
        Identity = identity;
        Index = index;
        _contentLength = isCompressed ? LengthOfContent() : null;
    }

    /// <summary>Which file it is. The name of a file changes with a rotation, its identity does not.</summary>
    internal FileIdentity Identity { get; }

    /// <summary>0 for the log, 1 for <c>….log.1</c>, and so on, when it was opened.</summary>
    internal int Index { get; }

    /// <summary>Offset of the next byte to read.</summary>
    internal long Position { get; set; }

    internal long Length => _contentLength ?? RandomAccess.GetLength(_handle);

    internal DateTime WrittenAt => File.GetLastWriteTimeUtc(_handle);

    /// <summary>Opens a part that may be compressed. <see langword="null"/> where there is none that can be read.</summary>
    internal static LogPart? TryOpenPart(string log, int index) =>
        TryOpen(LogRotation.PartFile(log, index), index, out _) ?? TryOpen(LogRotation.CompressedPartFile(log, index), index, out _);

    /// <summary>Which file is the part of this number. <see langword="null"/> where there is none.</summary>
    internal static FileIdentity? IdentityOfPart(string log, int index) =>
        FileIdentity.Of(LogRotation.PartFile(log, index)) ?? FileIdentity.Of(LogRotation.CompressedPartFile(log, index));

    /// <summary>Opens a regular file for reading while others write, rename and delete it.</summary>
    /// <returns><see langword="null"/> where that is not possible. The refusal tells why not, if there is something at the path.</returns>
    internal static LogPart? TryOpen(string path, int index, out string? refusal)
    {
        refusal = null;
        SafeFileHandle? handle = null;
        try
        {
            // This does not wait for a writer at the other end of a FIFO.
            handle = NoFollowFile.OpenRead(path);
            if (FileIdentity.Of(handle) is { } identity)
            {
                return new LogPart(handle, identity, index, LogRotation.IsCompressed(path));
            }

            refusal = $"{path}: it is not a regular file";
        }
        catch (Exception e) when (e is NoFollowException { Error: Errno.NoEntry or Errno.NotADirectory } or FileNotFoundException or DirectoryNotFoundException)
        {
            // There is none.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            refusal = e.Message;
        }

        handle?.Dispose();
        return null;
    }

    /// <summary>Reads at the position, and leaves it where it is.</summary>
    internal int Read(Span<byte> buffer) => Read(buffer, Position);

    internal int Read(Span<byte> buffer, long offset) => _contentLength is null ? RandomAccess.Read(_handle, buffer, offset) : ReadContent(buffer, offset);

    /// <summary>Whether this is the other part after it was compressed: the content and the time of the last write are the same.</summary>
    internal bool IsCompressedFrom(LogPart other) =>
        _contentLength is not null && WrittenAt == other.WrittenAt && Length == other.Length && BeginsWith(other);

    /// <summary>Whether the other file is a copy that is being made of this one. Only beginning and end of the content are compared.</summary>
    internal bool BeginsWith(LogPart other)
    {
        var length = other.Length;
        return Length >= length && SameAt(0, Math.Min(length, SampleBytes), other) && SameAt(Math.Max(0, length - SampleBytes), Math.Min(length, SampleBytes), other);
    }

    public void Dispose()
    {
        _content?.Dispose();
        _handle.Dispose();
    }

    private GZipStream OpenContent() =>
        new(new FileStream(new SafeFileHandle(_handle.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, bufferSize: 0), CompressionMode.Decompress);

    private long LengthOfContent()
    {
        using var content = OpenContent();
        var buffer = new byte[SampleBytes * 16];
        long length = 0;
        int read;
        while ((read = content.Read(buffer)) > 0)
        {
            length += read;
        }

        return length;
    }

    // Compressed content is read from the front. Going back means to begin again.
    private int ReadContent(Span<byte> buffer, long offset)
    {
        if (_content is null || offset < _contentPosition)
        {
            _content?.Dispose();
            _content = OpenContent();
            _contentPosition = 0;
        }

        Span<byte> skipped = stackalloc byte[SampleBytes];
        while (_contentPosition < offset)
        {
            var read = _content.Read(skipped[..(int)Math.Min(skipped.Length, offset - _contentPosition)]);
            if (read == 0)
            {
                return 0;
            }

            _contentPosition += read;
        }

        var count = _content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        _contentPosition += count;
        return count;
    }

    private bool SameAt(long offset, long count, LogPart other)
    {
        Span<byte> mine = stackalloc byte[(int)count];
        Span<byte> theirs = stackalloc byte[(int)count];
        return Read(mine, offset) == count && other.Read(theirs, offset) == count && mine.SequenceEqual(theirs);
    }
}
