using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Logs;

/// <summary>
/// Reads a log that is being written and rotated. A rotation is either a rename (a new instance begins with a new file) or the
/// front of the file moved to <c>….log.1</c> while the daemon goes on writing to the same file.
/// </summary>
internal sealed class LogReader(string path) : IDisposable
{
    private const int BlockBytes = 64 * 1024;

    private readonly string _rotatedPath = path + ".1";
    private SafeFileHandle? _handle;
    private long _position;
    private (long Length, DateTime WrittenAt) _rotated;
    private bool _settling;

    /// <summary>Copies the last lines; a line that is not ended yet counts as one.</summary>
    internal async Task CopyTailAsync(int lines, Stream output, CancellationToken cancellationToken)
    {
        _rotated = LookAtRotated();
        if (!TryOpen())
        {
            return;
        }

        var length = RandomAccess.GetLength(_handle!);
        _position = lines == 0 ? length : FindTail(_handle!, length, lines);
        await CopyAsync(_handle!, length, output, cancellationToken);
    }

    /// <summary>Copies what was written since the last call. Returns whether there was anything.</summary>
    internal async Task<bool> CopyNewAsync(Stream output, CancellationToken cancellationToken)
    {
        if (_handle is null && !TryOpen())
        {
            return false;
        }

        var copied = false;
        var rotated = LookAtRotated();
        if (IsRenamed())
        {
            copied = await MoveToNewFileAsync(output, cancellationToken);
            _rotated = rotated;
            _settling = false;
            if (_handle is null)
            {
                return copied;
            }
        }
        else if (rotated != _rotated)
        {
            // The front of our file is being moved, or just was. Until that is done no position means anything.
            _rotated = rotated;
            _settling = true;
            return false;
        }
        else if (_settling)
        {
            _settling = false;
            copied = await FollowMovedFrontAsync(rotated.Length, output, cancellationToken);
        }

        var length = RandomAccess.GetLength(_handle!);
        if (length < _position)
        {
            // Truncated by somebody else: what was there is lost, what is there now is new.
            _position = 0;
        }

        return await CopyAsync(_handle!, length, output, cancellationToken) || copied;
    }

    public void Dispose() => _handle?.Dispose();

    // Our handle is the old file: what is left of it first, then the new one from its beginning.
    private async Task<bool> MoveToNewFileAsync(Stream output, CancellationToken cancellationToken)
    {
        var copied = await CopyAsync(_handle!, RandomAccess.GetLength(_handle!), output, cancellationToken);
        _handle!.Dispose();
        _position = 0;
        TryOpen();
        return copied;
    }

    // First what we had not read of the part that is in the rotated file now, then our own file from where we were.
    private async Task<bool> FollowMovedFrontAsync(long movedBytes, Stream output, CancellationToken cancellationToken)
    {
        var copied = false;
        if (_position < movedBytes)
        {
            using var old = Open(_rotatedPath);
            copied = old is not null && await CopyAsync(old, movedBytes, output, cancellationToken);
        }

        _position = Math.Max(0, _position - movedBytes);
        return copied;
    }

    // The kernel keeps the name of an open file up to date; elsewhere the length is what gives a file away.
    private bool IsRenamed()
    {
        if (OperatingSystem.IsLinux())
        {
            return File.ResolveLinkTarget($"/proc/self/fd/{_handle!.DangerousGetHandle()}", returnFinalTarget: false) is { } target
                && !string.Equals(Path.GetFileName(target.FullName), Path.GetFileName(path), StringComparison.Ordinal);
        }

        var file = new FileInfo(path);
        return !file.Exists || file.Length < RandomAccess.GetLength(_handle!);
    }

    private (long Length, DateTime WrittenAt) LookAtRotated()
    {
        var file = new FileInfo(_rotatedPath);
        return file.Exists ? (file.Length, file.LastWriteTimeUtc) : default;
    }

    private bool TryOpen()
    {
        _handle = Open(path);
        return _handle is not null;
    }

    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return NoFollowFile.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private async Task<bool> CopyAsync(SafeFileHandle handle, long end, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new byte[BlockBytes];
        var any = false;
        while (_position < end)
        {
            var read = await RandomAccess.ReadAsync(handle, buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - _position)), _position, cancellationToken);
            if (read == 0)
            {
                break;
            }

            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            _position += read;
            any = true;
        }

        return any;
    }

    // Backwards from the end, block by block, until so many line breaks were seen; one at the very end ends the last line.
    private static long FindTail(SafeFileHandle handle, long length, int lines)
    {
        var buffer = new byte[BlockBytes];
        var end = length;
        var found = 0;
        while (end > 0)
        {
            var start = Math.Max(0, end - buffer.Length);
            var block = buffer.AsSpan(0, RandomAccess.Read(handle, buffer.AsSpan(0, (int)(end - start)), start));
            for (var i = block.Length - 1; i >= 0; i--)
            {
                if (block[i] == (byte)'\n' && start + i != length - 1 && ++found == lines)
                {
                    return start + i + 1;
                }
            }

            end = start;
        }

        return 0;
    }
}
