using System.Runtime.CompilerServices;
using System.Text;

namespace MonitorAspire.Cli.Logs;

/// <summary>
/// Reads a log as it grows. A log is rotated in one of two ways, and no line may be lost or shown twice in either: a new
/// instance renames the old file away; the log of a living instance keeps its file, and its front is moved to
/// <c>….log.1</c>, so that what was at byte N is then at N minus the length of that file.
/// </summary>
internal static class LogFollower
{
    private const int Block = 64 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>The lines from an offset on, for ever. A last line without its newline is given when the reader gives up.</summary>
    /// <param name="path">The log; it need not exist yet.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the reading, not with an exception.</param>
    internal static async IAsyncEnumerable<string> FollowAsync(
        string path, long offset, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = new LineSplitter();
        FileStream? stream = null;
        try
        {
            for (var last = false; ;)
            {
                stream ??= LogFile.TryOpen(path);
                if (stream is not null)
                {
                    if (stream.Length < offset)
                    {
                        foreach (var line in lines.Add(Moved(path, offset)))
                        {
                            yield return line;
                        }

                        offset = Math.Max(0, offset - LogFile.Length(LogFile.Rotated(path)));
                    }

                    // What the old file still holds comes before the first line of the new one.
                    var replaced = WasReplaced(stream, path);
                    byte[] read;
                    while ((read = Read(stream, offset)).Length > 0)
                    {
                        offset += read.Length;
                        foreach (var line in lines.Add(read))
                        {
                            yield return line;
                        }
                    }

                    if (replaced)
                    {
                        await stream.DisposeAsync().ConfigureAwait(false);
                        stream = null;
                        offset = 0;
                        continue;
                    }
                }

                if (last)
                {
                    break;
                }

                // One more look after the end: what a daemon says last is what explains it.
                last = await PausedAsync(time, cancellationToken).ConfigureAwait(false);
            }

            if (lines.Rest is { Length: > 0 } rest)
            {
                yield return rest;
            }
        }
        finally
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task<bool> PausedAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return cancellationToken.IsCancellationRequested;
    }

    private static byte[] Read(FileStream stream, long offset)
    {
        var buffer = new byte[Block];
        var read = RandomAccess.Read(stream.SafeFileHandle, buffer, offset);
        return buffer[..read];
    }

    /// <summary>What was not read yet of the part that was moved away.</summary>
    private static byte[] Moved(string path, long offset)
    {
        using var rotated = LogFile.TryOpen(LogFile.Rotated(path));
        if (rotated is null || rotated.Length <= offset)
        {
            return [];
        }

        var rest = new byte[rotated.Length - offset];
        return rest[..RandomAccess.Read(rotated.SafeFileHandle, rest, offset)];
    }

    // Linux knows by what name an open file goes now. Elsewhere a file that is shorter than what was read of the old one tells.
    private static bool WasReplaced(FileStream stream, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.Exists(path) && LogFile.Length(path) < stream.Length;
        }

        var link = new FileInfo($"/proc/self/fd/{stream.SafeFileHandle.DangerousGetHandle()}").LinkTarget;
        return link is not null && Path.GetFileName(link) != Path.GetFileName(path) && File.Exists(path);
    }

    /// <summary>Puts lines together out of blocks that end anywhere, also in the middle of a character.</summary>
    private sealed class LineSplitter
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder _rest = new();

        internal string Rest => _rest.ToString();

        internal List<string> Add(byte[] bytes)
        {
            var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            var count = _decoder.GetChars(bytes, characters, flush: false);
            var found = new List<string>();
            foreach (var c in characters.AsSpan(0, count))
            {
                if (c != '\n')
                {
                    _rest.Append(c);
                    continue;
                }

                found.Add(_rest.ToString().TrimEnd('\r'));
                _rest.Clear();
            }

            return found;
        }
    }
}
