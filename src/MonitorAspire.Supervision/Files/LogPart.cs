using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>One open file of a log: the log itself or a rotated file.</summary>
internal sealed class LogPart : IDisposable
{
    private const int SampleBytes = 4096;

    private readonly SafeFileHandle _handle;

    private LogPart(SafeFileHandle handle, FileIdentity identity, int index)
    {
        _handle = handle;
        Identity = identity;
        Index = index;
    }

    /// <summary>Which file it is. The name of a file changes with a rotation, its identity does not.</summary>
    internal FileIdentity Identity { get; }

    /// <summary>0 for the log, 1 for <c>….log.1</c>, and so on, when it was opened.</summary>
    internal int Index { get; }

    /// <summary>Offset of the next byte to read.</summary>
    internal long Position { get; set; }

    internal long Length => RandomAccess.GetLength(_handle);

    internal DateTime WrittenAt => File.GetLastWriteTimeUtc(_handle);

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
                return new LogPart(handle, identity, index);
            }

            refusal = $"{path}: it is not a regular file";
        }
        catch (Exception e) when (e is NoFollowException { Error: Errno.NoEntry or Errno.NotADirectory } or FileNotFoundException or DirectoryNotFoundException)
        {
            // There is none.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            refusal = e.Message;
        }

        handle?.Dispose();
        return null;
    }

    /// <summary>Reads at the position, and leaves it where it is.</summary>
    internal int Read(Span<byte> buffer) => Read(buffer, Position);

    internal int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_handle, buffer, offset);

    /// <summary>Whether the other file is a copy that is being made of this one. Only beginning and end of the content are compared.</summary>
    internal bool BeginsWith(LogPart other)
    {
        var length = other.Length;
        return Length >= length && SameAt(0, Math.Min(length, SampleBytes), other) && SameAt(Math.Max(0, length - SampleBytes), Math.Min(length, SampleBytes), other);
    }

    public void Dispose() => _handle.Dispose();

    private bool SameAt(long offset, long count, LogPart other)
    {
        Span<byte> mine = stackalloc byte[(int)count];
        Span<byte> theirs = stackalloc byte[(int)count];
        return Read(mine, offset) == count && other.Read(theirs, offset) == count && mine.SequenceEqual(theirs);
    }
}
