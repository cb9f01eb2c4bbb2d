using System.Globalization;
using System.Text;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

internal enum PidFileState
{
    /// <summary>It contains a decimal PID, with or without white space around it.</summary>
    Valid,

    Missing,

    /// <summary>It is empty or contains only white space.</summary>
    Empty,

    /// <summary>It contains something that is not a PID.</summary>
    Malformed,

    /// <summary>It is a symbolic link, which is never followed.</summary>
    Symlink,

    /// <summary>It is a directory, a device or a pipe.</summary>
    NotAFile,

    /// <summary>This user may not read it.</summary>
    Unreadable,
}

/// <summary>State of a PID file and its PID, which is 0 unless the state is <see cref="PidFileState.Valid"/>.</summary>
internal readonly record struct PidFileReading(PidFileState State, int Pid)
{
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
internal static class PidFile
{
    // The largest PID of Linux is 4194304. A longer file is no PID file.
    private const int MaximumLength = 64;

    /// <summary>Reads a PID file. Never throws, never follows a symbolic link.</summary>
    public static PidFileReading Read(string path)
    {
        try
        {
            if (NoFollowFile.TryOpenRead(path, out var error) is not { } handle)
            {
                return new(Unopened(error), 0);
            }

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
            return new(Unopened(e.Error), 0);
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

    private static PidFileState Unopened(int error) =>
        error == Errno.NoEntry ? PidFileState.Missing
        : error == Errno.TooManyLinks ? PidFileState.Symlink
        : error is Errno.IsADirectory or Errno.NotADirectory ? PidFileState.NotAFile
        : PidFileState.Unreadable;

    /// <summary>Writes a PID file atomically, mode 0600.</summary>
    public static void Write(string path, int pid) =>
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(pid.ToString(CultureInfo.InvariantCulture) + "\n"));

    /// <summary>Removes the file if it still names this PID, which the caller has proved to be removable. False where that was not possible.</summary>
    public static bool RemoveIfOwn(string path, int pid) =>
        Read(path) is { State: PidFileState.Valid } reading && reading.Pid == pid && AtomicFile.TryDelete(path);

    /// <summary>Parses the content of a PID file. White space around the number is accepted, because other tools write it.</summary>
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

        // For kill(2), PID 0 is the caller's own process group. It must never be accepted.
        return content.Length <= MaximumLength && number is > 0 and <= int.MaxValue
            ? new(PidFileState.Valid, (int)number)
            : new(PidFileState.Malformed, 0);
    }
}
