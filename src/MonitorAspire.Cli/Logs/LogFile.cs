using System.Text;

namespace MonitorAspire.Cli.Logs;

/// <summary>A daemon's log, read for a person: from its end, and over a rotation.</summary>
internal static class LogFile
{
    private const int Block = 64 * 1024;

    /// <summary>Where the newest rotated part of a log is.</summary>
    internal static string Rotated(string path) => path + ".1";

    /// <summary>Length in bytes; 0 where there is none.</summary>
    internal static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Opens it for reading while others write, rename and delete it. <see langword="null"/> where there is none.</summary>
    /// <exception cref="IOException">It is a link, which no daemon of ours makes, or it cannot be read.</exception>
    internal static FileStream? TryOpen(string path)
    {
        if (new FileInfo(path) is { LinkTarget: not null })
        {
            throw new IOException($"{path} is a symbolic link, which is never followed");
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The last lines, oldest first, out of the rotated part too where the current one has too few.</summary>
    /// <param name="path">The log.</param>
    /// <param name="lines">How many at most.</param>
    /// <param name="end">Length of the log when it was read: where to go on reading.</param>
    internal static IReadOnlyList<string> Tail(string path, int lines, out long end)
    {
        var current = TailOf(path, lines, out end);
        return current.Count < lines ? [.. TailOf(Rotated(path), lines - current.Count, out _), .. current] : current;
    }

    private static List<string> TailOf(string path, int lines, out long end)
    {
        end = 0;
        if (lines == 0)
        {
            end = Length(path);
            return [];
        }

        using var stream = TryOpen(path);
        if (stream is null)
        {
            return [];
        }

        end = stream.Length;
        stream.Position = StartOfLast(stream, lines, end);
        using var reader = new StreamReader(new BoundedStream(stream, end - stream.Position), Encoding.UTF8);
        var found = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            found.Add(line);
        }

        return found;
    }

    // Backwards, block by block: a log may be larger than memory, its end never is.
    private static long StartOfLast(FileStream stream, int lines, long end)
    {
        var buffer = new byte[Block];
        var newlines = 0;
        for (var position = end; position > 0;)
        {
            var size = (int)Math.Min(Block, position);
            position -= size;
            stream.Position = position;
            stream.ReadExactly(buffer, 0, size);
            for (var i = size - 1; i >= 0; i--)
            {
                // The newline at the very end closes the last line, it does not begin one.
                if (buffer[i] == (byte)'\n' && position + i != end - 1 && ++newlines == lines)
                {
                    return position + i + 1;
                }
            }
        }

        return 0;
    }
}
