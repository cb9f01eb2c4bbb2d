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

    /// <summary>Opens a regular file for reading while others write, rename and delete it. <see langword="null"/> where that is not possible.</summary>
    internal static LogPart? TryOpen(string path, int index) => TryOpen(path, index, out _);

    /// <inheritdoc cref="TryOpen(string, int)" />
    /// <param name="path">The file.</param>
    /// <param name="index">0 for the log, else the number of the rotated file.</param>
    /// <param name="refusal">Why not, if there is something at the path.</param>
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

    /// <summary>Which regular file has this name now. <see langword="null"/> where there is none.</summary>
    internal static FileIdentity? IdentityOf(string path) => FileIdentity.Of(path);

    /// <summary>Reads at the position, and leaves it where it is.</summary>
    internal int Read(Span<byte> buffer) => Read(buffer, Position);

    internal int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_handle, buffer, offset);

    /// <summary>
    /// Whether this file begins with the content of the other one, that is, whether the other one is a copy that is being made of it.
    /// Only beginning and end of the content are compared.
    /// </summary>
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

/// <summary>Identity of a regular file: device and inode; where .NET does not tell them, the time of its creation.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong File)
{
    internal static FileIdentity? Of(SafeFileHandle handle)
    {
        if (OperatingSystem.IsLinux())
        {
            return OfLinux((int)handle.DangerousGetHandle(), "", EmptyPath);
        }

        using var stream = new FileStream(new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, bufferSize: 0);
        return stream.CanSeek ? new FileIdentity(0, (ulong)System.IO.File.GetCreationTimeUtc(handle).Ticks) : null;
    }

    internal static FileIdentity? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return OfLinux(LibC.AtCurrentDirectory, path, NoFollow);
        }

        var file = new FileInfo(path);
        return file is { Exists: true, LinkTarget: null } ? new FileIdentity(0, (ulong)file.CreationTimeUtc.Ticks) : null;
    }

    private const int EmptyPath = 0x1000;
    private const int NoFollow = 0x100;

    private static unsafe FileIdentity? OfLinux(int directory, string path, int flags)
    {
        const int TypeMask = 0xF000;
        const int RegularFile = 0x8000;
        LibC.StatxBuffer status;
        return LibC.Statx(directory, path, flags, LibC.StatxBasicStats, &status) == 0 && (status.Mode & TypeMask) == RegularFile
            ? new FileIdentity(((ulong)status.DeviceMajor << 32) | status.DeviceMinor, status.Inode)
            : null;
    }
}
