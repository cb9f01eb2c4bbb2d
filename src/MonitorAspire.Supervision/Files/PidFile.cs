using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>What a PID file turned out to be.</summary>
public enum PidFileState
{
    /// <summary>It holds a PID in decimal and at most white space around it.</summary>
    Valid,

    /// <summary>There is none.</summary>
    Missing,

    /// <summary>It has no content but white space.</summary>
    Empty,

    /// <summary>It holds something that is not a PID.</summary>
    Malformed,

    /// <summary>It is a symbolic link, which is never followed.</summary>
    Symlink,

    /// <summary>It is a directory, a device or a pipe.</summary>
    NotAFile,

    /// <summary>This user may not read it.</summary>
    Unreadable,
}

/// <summary>What a PID file says.</summary>
/// <param name="State">What it turned out to be.</param>
/// <param name="Pid">The PID, for <see cref="PidFileState.Valid"/>; otherwise 0.</param>
public readonly record struct PidFileReading(PidFileState State, int Pid)
{
    /// <summary>Whether there is something at the path that stands in the way of a new file.</summary>
    public bool Exists => State is not PidFileState.Missing;

    /// <summary>The state as reports and <c>--json</c> print it.</summary>
    public string StateName => State switch
    {
        PidFileState.Valid => "ok",
        PidFileState.Missing => "missing",
        PidFileState.Empty => "empty",
        PidFileState.Malformed => "malformed",
        PidFileState.Symlink => "symlink",
        PidFileState.NotAFile => "not-a-file",
        _ => "unreadable",
    };
}

/// <summary>Reads and writes PID files: the PID in decimal and a newline, nothing else.</summary>
public static class PidFile
{
    // The largest PID of Linux is 4194304; whatever is longer than this is no PID file of anybody.
    private const int MaximumLength = 64;

    /// <summary>Reads a PID file. Never throws, never follows a symbolic link.</summary>
    /// <param name="path">The file.</param>
    public static PidFileReading Read(string path)
    {
        try
        {
            using var handle = NoFollowFile.OpenRead(path);
            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            if (!stream.CanSeek)
            {
                return new(PidFileState.NotAFile, 0);
            }

            Span<byte> buffer = stackalloc byte[MaximumLength + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return Parse(buffer[..length]);
        }
        catch (NoFollowException e)
        {
            return new(
                e.Error == Errno.NoEntry ? PidFileState.Missing
                : e.Error == Errno.TooManyLinks ? PidFileState.Symlink
                : e.Error is Errno.IsADirectory or Errno.NotADirectory ? PidFileState.NotAFile
                : PidFileState.Unreadable,
                0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(PidFileState.Missing, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(Directory.Exists(path) ? PidFileState.NotAFile : PidFileState.Unreadable, 0);
        }
    }

    /// <summary>Writes a PID file atomically, mode 0600.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pid">The PID.</param>
    /// <exception cref="IOException">The file system refuses; nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    public static void Write(string path, int pid) =>
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture) + "\n"));

    /// <summary>Removes the file if it still holds this PID. False when it holds another or could not be removed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pid">The PID that the caller has proved to be its own to remove.</param>
    public static bool RemoveIfOwn(string path, int pid) =>
        Read(path) is { State: PidFileState.Valid } reading && reading.Pid == pid && AtomicFile.TryDelete(path);

    /// <summary>What the content of a PID file says. White space around the number is accepted, because other tools write it.</summary>
    /// <param name="content">The bytes.</param>
    internal static PidFileReading Parse(ReadOnlySpan<byte> content)
    {
        var text = content.Trim(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            return new(PidFileState.Empty, 0);
        }

        var number = 0L;
        foreach (var c in text)
        {
            if (c is < (byte)'0' or > (byte)'9' || number > int.MaxValue)
            {
                return new(PidFileState.Malformed, 0);
            }

            number = (number * 10) + (c - '0');
        }

        // PID 0 is the caller's own process group to kill(2): a file that says so must never get that far.
        return content.Length <= MaximumLength && number is > 0 and <= int.MaxValue
            ? new(PidFileState.Valid, (int)number)
            : new(PidFileState.Malformed, 0);
    }
}
