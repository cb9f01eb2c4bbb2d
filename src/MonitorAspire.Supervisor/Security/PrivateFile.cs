using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Security;

/// <summary>
/// Reads files of the state directory that must come from this user and be seen by nobody else: the token, and the commands of daemons.
/// Whoever else could write them could act as us.
/// </summary>
internal static class PrivateFile
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>The content, or <see langword="null"/> where there is no such file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maximum">More bytes than this it cannot have.</param>
    /// <exception cref="UntrustedFileException">It is not a file of this user's that only this user can read and write.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    internal static byte[]? Read(string path, int maximum)
    {
        using var handle = Open(path);
        if (handle is null)
        {
            return null;
        }

        if (!OperatingSystem.IsWindows() && Distrust(FileStatus.Of(handle)) is { } reason)
        {
            throw new UntrustedFileException($"{path} {reason}");
        }

        var length = RandomAccess.GetLength(handle);
        if (length > maximum)
        {
            throw new UntrustedFileException($"{path} has {length} bytes; {maximum} is the most that makes sense");
        }

        var content = new byte[length];
        return content[..RandomAccess.Read(handle, content, 0)];
    }

    private static SafeFileHandle? Open(string path)
    {
        try
        {
            return NoFollowFile.OpenRead(path);
        }
        catch (NoFollowException e) when (e.Error == Errno.NoEntry)
        {
            return null;
        }
        catch (NoFollowException e) when (e.Error == Errno.TooManyLinks)
        {
            throw new UntrustedFileException($"{path} is a symbolic link and is not followed; delete it");
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static string? Distrust(FileStatus? status) => status switch
    {
        null => "cannot be examined",
        { IsFile: false } => "is not a regular file",
        { BelongsToOther: true } => $"belongs to user {status.Uid} and not to this one ({LibC.geteuid()}); delete it",
        _ when (status.Permissions & OfOthers) != 0 => $"is open to others (mode {FileStatus.Octal(status.Permissions)}); chmod 600 it if you trust what is in it, else delete it",
        _ => null,
    };
}

/// <summary>A file that this program would have to trust is not to be trusted; the message says why and what to do.</summary>
internal sealed class UntrustedFileException(string message) : IOException(message);
