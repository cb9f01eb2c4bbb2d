using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// Reads a daemon's log while the daemon writes it and while it is rotated. No byte is lost or given twice over a rotation by rename, a
/// rotation that moves the front of the file to <c>….log.1</c> (also <c>copytruncate</c> of logrotate), the compression of parts, a deletion or a
/// replacement.
/// The exception is a file that is deleted or cut off before it was read. Only regular files are read, and no symbolic link is followed.
/// Not thread-safe.
/// </summary>
/// <param name="path">Path of the log. The file need not exist yet.</param>
internal sealed class LogFollower(string path) : IDisposable
{
    private const int BlockBytes = 64 * 1024;

    // The bytes that were read last. If they are no longer in front of the position, the content of the file was moved or cut off.
    private const int RememberedBytes = 256;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    // Rotated files that are to be read before the log, oldest first.
    private readonly Queue<LogPart> _rotated = new();
    private readonly byte[] _remembered = new byte[RememberedBytes];
    private int _rememberedLength;
    private LogPart? _log;

    // The newest rotated file whose content the position takes into account. It stays open: its inode must not be given to a new file.
    private LogPart? _newestRotated;

    /// <summary>Why the file at the path cannot be read, e.g. because it is a symbolic link. <see langword="null"/> if it can, or if there is none.</summary>
    public string? Refusal { get; private set; }

    /// <summary>
    /// Copies the last lines (with 0 none). Call it once, before the other methods. A line without a newline at the end counts as a line;
    /// every 32 KiB without a newline count as a line as well. If the log has too few lines, the newest rotated file gives the rest.
    /// </summary>
    public async Task CopyTailAsync(int lines, Stream output, CancellationToken cancellationToken)
    {
        Open();
        var length = _log?.Length ?? 0;
        var tail = new LogTail(lines);
        if (_log is not null)
        {
            _log.Position = tail.FindStart(_log, length);
        }

        var bytes = length - (_log?.Position ?? 0);
        if (!tail.IsComplete && _newestRotated is not null)
        {
            var end = _newestRotated.Length;
            _newestRotated.Position = tail.FindStart(_newestRotated, end);
            bytes += end - _newestRotated.Position;
            _rotated.Enqueue(_newestRotated);
        }

        await CopyAsync(output, bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Copies what was written since the last call. False if there was nothing.</summary>
    public Task<bool> CopyNewAsync(Stream output, CancellationToken cancellationToken) => CopyAsync(output, long.MaxValue, cancellationToken);

    /// <summary>Copies what is written from now on, and flushes the output after each copy, until it is cancelled.</summary>
    public async Task FollowAsync(Stream output, TimeProvider time, CancellationToken cancellationToken)
    {
        // Polling and not inotify: a daemon may write thousands of times a second.
        while (true)
        {
            if (await CopyNewAsync(output, cancellationToken).ConfigureAwait(false))
            {
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _log?.Dispose();
        _newestRotated?.Dispose();
        foreach (var part in _rotated)
        {
            part.Dispose();
        }

        _rotated.Clear();
    }

    private async Task<bool> CopyAsync(Stream output, long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[BlockBytes];
        var any = false;
        int read;
        while (bytes > 0 && (read = Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes)))) > 0)
        {
            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            bytes -= read;
            any = true;
        }

        return any;
    }

    /// <summary>The next bytes; 0 if there are none now.</summary>
    private int Read(Span<byte> buffer)
    {
        while (true)
        {
            int read;
            if (_rotated.TryPeek(out var part))
            {
                read = part.Read(buffer);
                if (read == 0)
                {
                    _rotated.Dequeue();
                    DisposeUnused(part);
                    continue;
                }

                Remember(buffer[..read]);
                part.Position += read;
                return read;
            }

            if (_log is null && !TryOpenLog())
            {
                return 0;
            }

            // First read, then check: if the position is valid after the read, it was valid during the read.
            read = _log!.Read(buffer);
            if (!IsPositionValid())
            {
                continue;
            }

            Remember(buffer[..read]);
            _log.Position += read;
            return read;
        }
    }

    private void Open()
    {
        // A rotation between the two opens would pair the log with the wrong rotated file.
        do
        {
            Dispose();

            // Where the newest one cannot be read, the lines before the log are in the next one.
            _newestRotated = LogPart.TryOpenPart(path, 1) ?? LogPart.TryOpenPart(path, 2);
            if (TryOpenLog() && _newestRotated is not null && _log!.BeginsWith(_newestRotated))
            {
                // A rotation has begun and is not finished: the log still contains what is copied to the rotated file.
                _newestRotated.Dispose();
                _newestRotated = LogPart.TryOpenPart(path, 2);
            }
        }
        while (_newestRotated is { Index: 1 } && LogPart.IdentityOfPart(path, 1) is { } now && now != _newestRotated.Identity);
    }

    private bool TryOpenLog()
    {
        _log = LogPart.TryOpen(path, 0, out var refusal);
        Refusal = refusal;
        return _log is not null;
    }

    /// <summary>Whether the log was not rotated, replaced or cut off since the last read. If it was, sets the position anew.</summary>
    private bool IsPositionValid()
    {
        // In this order: what destroys the bytes before the position makes a rotated file first.
        var isIntact = IsIntact();
        var rotated = RotatedSinceLastRead();
        var isRenamed = rotated.Exists(IsLog);
        var current = FileIdentity.Of(path);

        // A daemon may go on writing to a file that was deleted, as long as no other file has come.
        var isReplaced = !isRenamed && current != _log!.Identity && (current is not null || rotated.Count > 0);
        if (rotated.Count == 0 && !isReplaced)
        {
            if (!isIntact)
            {
                _log!.Position = 0;
            }

            return isIntact;
        }

        var position = _log!.Position;
        if (isReplaced)
        {
            _rotated.Enqueue(_log);
            position = 0;
        }

        foreach (var part in rotated)
        {
            part.Position = Math.Min(position, part.Length);
            position -= part.Position;
            _rotated.Enqueue(part);
        }

        if (rotated.Count > 0)
        {
            var before = _newestRotated;
            _newestRotated = rotated[^1];
            DisposeUnused(before);
        }

        if (isRenamed)
        {
            _log.Dispose();
        }

        if (isRenamed || isReplaced)
        {
            _log = null;
        }
        else
        {
            _log.Position = position;
        }

        return false;
    }

    /// <summary>The files that rotations have made since the last read, oldest first.</summary>
    private List<LogPart> RotatedSinceLastRead()
    {
        var parts = new List<LogPart>();
        if (LogPart.IdentityOfPart(path, 1) is { } newest && newest == _newestRotated?.Identity)
        {
            return parts;
        }

        var younger = _log!;

        // While files are renamed from N to N+1, one number may be free for a moment, or a file may be met twice.
        for (int index = 1, missing = 0; missing < 2; index++)
        {
            if (LogPart.TryOpenPart(path, index) is not { } part)
            {
                missing++;
                continue;
            }

            missing = 0;
            if (part.Identity == _newestRotated?.Identity)
            {
                part.Dispose();
                break;
            }

            if (_newestRotated is { } known && part.IsCompressedFrom(known))
            {
                _newestRotated = part;
                DisposeUnused(known);
                break;
            }

            if (parts.Exists(p => p.Identity == part.Identity))
            {
                part.Dispose();
                continue;
            }

            // An older file can come next only if the one that is known was deleted.
            if (part.WrittenAt < _newestRotated?.WrittenAt)
            {
                part.Dispose();
                break;
            }

            // A copy that is not finished, or never was: its content is in the next file as well.
            if (!IsLog(part) && younger.BeginsWith(part))
            {
                part.Dispose();
            }
            else
            {
                parts.Insert(0, part);
                younger = part;
            }
        }

        return parts;
    }

    // It was renamed, and may have been compressed after that.
    private bool IsLog(LogPart part) => part.Identity == _log!.Identity || part.IsCompressedFrom(_log);

    private bool IsIntact()
    {
        if (_log!.Length < _log.Position)
        {
            return false;
        }

        Span<byte> now = stackalloc byte[(int)Math.Min(_rememberedLength, _log.Position)];
        return _log.Read(now, _log.Position - now.Length) == now.Length && now.SequenceEqual(_remembered.AsSpan(_rememberedLength - now.Length, now.Length));
    }

    private void Remember(ReadOnlySpan<byte> read)
    {
        if (read.Length >= RememberedBytes)
        {
            read[^RememberedBytes..].CopyTo(_remembered);
            _rememberedLength = RememberedBytes;
            return;
        }

        var kept = Math.Min(_rememberedLength, RememberedBytes - read.Length);
        _remembered.AsSpan(_rememberedLength - kept, kept).CopyTo(_remembered);
        read.CopyTo(_remembered.AsSpan(kept));
        _rememberedLength = kept + read.Length;
    }

    private void DisposeUnused(LogPart? part)
    {
        if (part is not null && part != _newestRotated && !_rotated.Contains(part))
        {
            part.Dispose();
        }
    }
}
