using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// The new content of a small file, written to a temporary file. What can fail (a full disk, a missing permission) fails here, so that a
/// caller who changes something else as well can still stop before <see cref="Commit"/>.
/// </summary>
internal sealed class PendingFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _done;

    private PendingFile(string path)
    {
        _path = path;
        _temporary = $"{path}.{Environment.ProcessId}-{RandomText.Hex(8)}{AtomicFile.TemporarySuffix}";
    }

    /// <summary>
    /// Writes a temporary file beside the target, mode 0600. O_EXCL is used, so a symbolic link there is not followed. A content that must
    /// survive a loss of power is written to the disk (fsync).
    /// </summary>
    /// <exception cref="IOException">The file system refuses; nothing is left behind.</exception>
    internal static PendingFile Write(string path, byte[] content, bool toDisk = false) => Write(path, stream => stream.Write(content), toDisk);

    /// <summary>The same for a content that is too large for memory.</summary>
    /// <exception cref="IOException">The file system refuses; nothing is left behind.</exception>
    internal static PendingFile Write(string path, Action<Stream> write, bool toDisk = false)
    {
        var pending = new PendingFile(path);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var stream = new FileStream(pending._temporary, options);
            write(stream);
            stream.Flush(toDisk);
            return pending;
        }
        catch
        {
            pending.Dispose();
            throw;
        }
    }

    /// <summary>Sets the time of its last write, which it keeps as the target.</summary>
    internal void SetLastWriteTime(DateTime utc) => File.SetLastWriteTimeUtc(_temporary, utc);

    /// <summary>Renames it to the target. A symbolic link there is replaced, not followed.</summary>
    /// <exception cref="IOException">The file system refuses; the old content stays.</exception>
    internal void Commit()
    {
        File.Move(_temporary, _path, overwrite: true);
        _done = true;
    }

    /// <summary>Deletes it, unless it was renamed.</summary>
    public void Dispose()
    {
        if (!_done)
        {
            AtomicFile.TryDelete(_temporary);
        }
    }
}
