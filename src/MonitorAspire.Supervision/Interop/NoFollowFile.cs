using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// Opens files of the state directory, and never follows a symbolic link in the last component of the path. A link that another user
/// planted there must not make this process write elsewhere.
/// </summary>
internal static class NoFollowFile
{
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int PrivateMode = 0x180; // 0600

    /// <summary>Opens an existing file for reading.</summary>
    /// <exception cref="IOException">With the system's error number in <see cref="NoFollowException.Error"/>.</exception>
    internal static SafeFileHandle OpenRead(string path) => TryOpenRead(path, out var error) ?? throw Failure(path, error);

    /// <summary>
    /// The same, but <see langword="null"/> and the system's error number where the file cannot be opened: that a file is missing is usual, and an
    /// exception costs a thousand times as much. On Windows it throws.
    /// </summary>
    internal static SafeFileHandle? TryOpenRead(string path, out int error)
    {
        if (OperatingSystem.IsWindows())
        {
            error = 0;
            RefuseLink(path);
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }

        return TryOpen(path, ReadOnly, out error);
    }

    /// <summary>
    /// Opens a file whose content is believed: it must belong to this user or to root, and no other user may write to it. The directory
    /// is checked elsewhere; it may have been open to others when they made the file. <see langword="null"/> where there is no file.
    /// </summary>
    /// <exception cref="IOException">As for <see cref="OpenRead"/>, and for a file that is not believed.</exception>
    internal static SafeFileHandle? OpenTrusted(string path)
    {
        if (TryOpenRead(path, out var error) is not { } handle)
        {
            return error is Errno.NoEntry or Errno.NotADirectory ? null : throw Failure(path, error);
        }

        if (!OperatingSystem.IsWindows() && FileStatus.Of(handle) is { } status && Untrusted(status) is { } reason)
        {
            handle.Dispose();
            throw new NoFollowException(Errno.AccessDenied, path, reason);
        }

        return handle;
    }

    /// <summary>Opens a file for reading and writing, and creates it with mode 0600 where it does not exist. Appending writes go to its current end.</summary>
    internal static SafeFileHandle OpenOrCreate(string path, bool append)
    {
        if (OperatingSystem.IsWindows())
        {
            RefuseLink(path);
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }

        var flags = ReadWrite | (append ? OpenFlags.Append : 0);
        for (var attempt = 0; ; attempt++)
        {
            if (TryOpen(path, flags, out var error) is { } existing)
            {
                return existing;
            }

            if (error != Errno.NoEntry || attempt == 100)
            {
                throw Failure(path, error);
            }

            if (OperatingSystem.IsLinux())
            {
                return TryOpen(path, flags | OpenFlags.Create, out error) ?? throw Failure(path, error == Errno.NoEntry ? Errno.NotADirectory : error);
            }

            // O_CREAT|O_EXCL (FileMode.CreateNew) does not follow a link either. Where another process creates the file first, it is opened.
            Create(path);
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static void Create(string path)
    {
        try
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new NoFollowException(Errno.AccessDenied, path, e.Message);
        }
        catch (DirectoryNotFoundException e)
        {
            throw new NoFollowException(Errno.NotADirectory, path, e.Message);
        }
        catch (IOException e) when (e.HResult != Errno.Exists && e.HResult != Errno.WouldBlock && !File.Exists(path))
        {
            throw new NoFollowException(e.HResult, path, e.Message);
        }
        catch (IOException)
        {
            // Another process created it first, or locked the file that was created here before .NET did, which locks each file that it opens.
            // That file is opened. Where it was deleted again meanwhile, the next attempt creates it.
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static SafeFileHandle? TryOpen(string path, int flags, out int error)
    {
        // O_NONBLOCK: opening a FIFO with this name must not block.
        var fd = LibC.Open(path, flags | OpenFlags.NoFollow | OpenFlags.CloseOnExec | OpenFlags.NonBlocking, PrivateMode);
        error = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    private static NoFollowException Failure(string path, int error) =>
        new(error, path, error == Errno.TooManyLinks ? "it is a symbolic link" : Errno.Describe(error));

    [UnsupportedOSPlatform("windows")]
    private static string? Untrusted(FileStatus status) =>
        status.BelongsToStranger ? $"it belongs to another user (uid {status.Uid}), so it is not believed"
        : status.IsWritableByOthers
            ? $"other users can write to it (mode {FileStatus.Octal(status.Permissions)}), so it is not believed; 'chmod 600' it if you trust what is in it"
        : null;

    private static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new NoFollowException(Errno.TooManyLinks, path, "it is a symbolic link");
        }
    }

    /// <summary>open(2) flags, whose values differ by platform and by processor.</summary>
    private static class OpenFlags
    {
        internal static int Append => OperatingSystem.IsLinux() ? 0x400 : 0x8;

        /// <summary>On Linux only. The mode of the new file is a variadic parameter, which on Apple's Arm64 is passed in another way.</summary>
        internal static int Create => 0x40;

        internal static int NonBlocking => OperatingSystem.IsLinux() ? 0x800 : 0x4;

        internal static int CloseOnExec => OperatingSystem.IsLinux() ? 0x80000 : 0x1000000;

        internal static int NoFollow => OperatingSystem.IsLinux()
            ? RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 ? 0x8000 : 0x20000
            : 0x100;
    }
}

/// <summary>A file of the state directory could not be opened.</summary>
internal sealed class NoFollowException(int error, string path, string message) : IOException($"{path}: {message}", error)
{
    internal int Error { get; } = error;
}
