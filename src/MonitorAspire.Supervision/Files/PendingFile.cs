using System.Security.Cryptography;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// The new content of a small file, written but not yet in its place: what can fail (a full disk, a missing permission) has not failed
/// when this exists, and whoever changes something else as well can do that before or after <see cref="Commit"/>.
/// </summary>
internal sealed class PendingFile : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _done;

    private PendingFile(string path)
    {
        _path = path;
        _temporary = $"{path}.{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}{AtomicFile.TemporarySuffix}";
    }

    /// <summary>Writes a temporary file beside the target, mode 0600; O_EXCL, so a link planted there is not followed.</summary>
    /// <param name="path">The target.</param>
    /// <param name="content">Its new content.</param>
    /// <param name="toDisk">Whether it is to survive a loss of power too.</param>
    /// <exception cref="IOException">The file system refuses; nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    internal static PendingFile Write(string path, ReadOnlySpan<byte> content, bool toDisk = false)
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
            stream.Write(content);
            stream.Flush(toDisk);
            return pending;
        }
        catch
        {
            pending.Dispose();
            throw;
        }
    }

    /// <summary>Puts it in its place. A link there is replaced, not followed.</summary>
    /// <exception cref="IOException">The file system refuses; the old content stays.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    internal void Commit()
    {
        File.Move(_temporary, _path, overwrite: true);
        _done = true;
    }

    /// <summary>Takes it back, unless it was put in its place.</summary>
    public void Dispose()
    {
        if (!_done)
        {
            AtomicFile.TryDelete(_temporary);
        }
    }
}
