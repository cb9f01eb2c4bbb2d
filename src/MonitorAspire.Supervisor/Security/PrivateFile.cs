using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervisor.Security;

/// <summary>Reads files of the state directory that only this user may read or write: the token and the definitions of daemons. Another
/// user who could write them could run commands as this user.</summary>
internal static class PrivateFile
{
    /// <summary>The content, or <see langword="null"/> where there is no such file. The maximum length is in bytes.</summary>
    /// <exception cref="UntrustedFileException">The file is a link, too large, belongs to another user or is open to others.</exception>
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
            throw new UntrustedFileException($"{path} has {length} bytes; the limit is {maximum}");
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
        catch (NoFollowException e) when (e.Error == Errno.TooManyLinks)
        {
            throw new UntrustedFileException($"{path} is a symbolic link and is not followed; delete it");
        }
        catch (Exception e) when (e is FileNotFoundException or NoFollowException { Error: Errno.NoEntry })
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
        _ when status.IsOpenToOthers => $"is open to others (mode {FileStatus.Octal(status.Permissions)}); chmod 600 it if you trust what is in it, else delete it",
        _ => null,
    };
}

/// <summary>A file cannot be trusted. The message says why and what to do.</summary>
internal sealed class UntrustedFileException(string message) : IOException(message);
