using System.Buffers;
using System.Text.Json;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>The starts as lines of JSON, mode 0600. No symbolic link is followed. New starts are appended; the file is rewritten, with an
/// atomic rename, when it is too long or was changed by others. Not thread-safe. The supervisor's lock keeps other supervisors away.</summary>
internal sealed class HistoryFile(string path)
{
    /// <summary>A file with more lines is rewritten: 20 000. At most half of them are still in the history.</summary>
    internal const int MaximumLines = 2 * FleetHistory.Capacity;

    /// <summary>Of a larger file only the end is read: 16 MiB. A line has some 200 bytes.</summary>
    internal const int MaximumBytes = 16 * 1024 * 1024;

    private long _length;

    internal string FilePath => path;

    internal int Lines { get; private set; }

    /// <summary>The content of the file.</summary>
    /// <param name="Starts">The starts, oldest first.</param>
    /// <param name="Unreadable">Why the file cannot be read; <see langword="null"/> if it can, or if there is none.</param>
    /// <param name="Broken">How many lines are invalid. An incomplete last line, from a crash, does not count.</param>
    /// <param name="FirstBroken">Number of the first invalid line.</param>
    /// <param name="NeedsRewrite">The file has invalid or incomplete lines.</param>
    internal sealed record Loaded(IReadOnlyList<StartRecord> Starts, string? Unreadable = null, int Broken = 0, int FirstBroken = 0, bool NeedsRewrite = false);

    /// <summary>Reads it. Never throws.</summary>
    internal Loaded Load()
    {
        try
        {
            using var stream = new FileStream(NoFollowFile.OpenRead(path), FileAccess.Read, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return new Loaded([], $"{path}: it is not a regular file");
            }

            _length = stream.Length;
            var skipped = Math.Max(0, _length - MaximumBytes);
            stream.Position = skipped;
            var content = new byte[_length - skipped];
            return Parse(content.AsSpan(0, stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)), isTail: skipped > 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or NoFollowException { Error: Errno.NoEntry })
        {
            return new Loaded([]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new Loaded([], e.Message);
        }
    }

    /// <summary>Adds starts at the end. False, without a change, if the file was deleted or changed by others.</summary>
    internal bool Append(IReadOnlyList<StartRecord> starts)
    {
        if (starts.Count == 0)
        {
            return true;
        }

        using var handle = NoFollowFile.OpenOrCreate(path, append: true);
        if (RandomAccess.GetLength(handle) != _length)
        {
            return false;
        }

        var lines = Serialize(starts);
        RandomAccess.Write(handle, lines.WrittenSpan, _length);
        _length += lines.WrittenCount;
        Lines += starts.Count;
        return true;
    }

    /// <summary>Replaces the content with these starts. Creates the directory if it was deleted. After an error the file is unchanged.</summary>
    internal void Rewrite(IReadOnlyCollection<StartRecord> starts)
    {
        var lines = Serialize(starts);
        StateDirectory.Create(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, lines.WrittenSpan.ToArray());
        _length = lines.WrittenCount;
        Lines = starts.Count;
    }

    private Loaded Parse(ReadOnlySpan<byte> content, bool isTail)
    {
        var starts = new List<StartRecord>();
        var (number, broken, firstBroken, torn) = (0, 0, 0, isTail);
        if (isTail)
        {
            // The first line is incomplete.
            content = content[(content.IndexOf((byte)'\n') + 1)..];
        }

        while (!content.IsEmpty)
        {
            var end = content.IndexOf((byte)'\n');
            var line = end < 0 ? content : content[..end];
            content = end < 0 ? [] : content[(end + 1)..];
            number++;
            if (TryParse(line) is { } start)
            {
                starts.Add(start);
            }
            else if (end >= 0)
            {
                broken++;
                firstBroken = firstBroken == 0 ? number : firstBroken;
            }

            torn |= end < 0;
        }

        Lines = number;
        return new Loaded(starts, Broken: broken, FirstBroken: firstBroken, NeedsRewrite: torn || broken > 0);
    }

    private static StartRecord? TryParse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, HistoryJson.Default.StartRecord) is { IsValid: true } start ? start : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ArrayBufferWriter<byte> Serialize(IReadOnlyCollection<StartRecord> starts)
    {
        var buffer = new ArrayBufferWriter<byte>(256 * Math.Max(1, starts.Count));
        using var writer = new Utf8JsonWriter(buffer);
        foreach (var start in starts)
        {
            JsonSerializer.Serialize(writer, start, WrittenHistoryJson.Default.StartRecord);
            writer.Flush();
            buffer.Write("\n"u8);
            writer.Reset();
        }

        return buffer;
    }
}
