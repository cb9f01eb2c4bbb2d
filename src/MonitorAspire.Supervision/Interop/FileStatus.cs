using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// Type, permissions and owner of a file, which .NET tells only in part. The owner is <see langword="null"/> where it is unknown. In a sticky
/// directory only the owner of an entry can rename or delete it.
/// </summary>
internal sealed record FileStatus(bool IsFile, bool IsDirectory, bool IsLink, UnixFileMode Permissions, uint? Uid, bool IsSticky)
{
    /// <summary>Mode 0700: only the owner sees what is in the directory.</summary>
    internal const UnixFileMode PrivateDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode AllPermissions = (UnixFileMode)0x1FF;

    internal FileIdentity? Identity { get; private init; }

    /// <summary>Provably of another user. Root may open it nevertheless, but its owner can change it.</summary>
    [UnsupportedOSPlatform("windows")]
    internal bool BelongsToOther => Uid is { } uid && uid != LibC.geteuid();

    /// <summary>Belongs neither to this user nor to root, who can change everything anyway.</summary>
    [UnsupportedOSPlatform("windows")]
    internal bool BelongsToStranger => BelongsToOther && Uid != 0;

    /// <summary>Whether the group or all users may write to it.</summary>
    internal bool IsWritableByOthers => (Permissions & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0;

    /// <summary>Whether the group or all users have any permission.</summary>
    internal bool IsOpenToOthers => (Permissions & ~PrivateDirectory) != 0;

    /// <summary>A mode as <c>chmod</c> takes it.</summary>
    internal static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    /// <summary>The status; <see langword="null"/> where there is no file, or this user may not see it.</summary>
    [UnsupportedOSPlatform("windows")]
    internal static FileStatus? Of(string path, bool follow)
    {
        if (OperatingSystem.IsLinux())
        {
            return OfLinux(LibC.AtCurrentDirectory, path, follow ? 0 : LibC.AtSymlinkNoFollow);
        }

        try
        {
            var file = new FileInfo(path);
            var isLink = file.LinkTarget is not null;
            var isDirectory = Directory.Exists(path);
            return Path.Exists(path) || isLink
                ? new FileStatus(!isDirectory && (follow || !isLink), isDirectory, isLink && !follow, file.UnixFileMode & AllPermissions, null, (file.UnixFileMode & UnixFileMode.StickyBit) != 0)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The status of an open file: no process can put another one in its place meanwhile.</summary>
    [UnsupportedOSPlatform("windows")]
    internal static FileStatus? Of(SafeFileHandle handle)
    {
        return OperatingSystem.IsLinux()
            ? OfLinux((int)handle.DangerousGetHandle(), "", LibC.AtEmptyPath)
            : new FileStatus(true, false, false, File.GetUnixFileMode(handle) & AllPermissions, null, false);
    }

    [SupportedOSPlatform("linux")]
    internal static unsafe FileStatus? OfLinux(int directory, string path, int flags)
    {
        LibC.StatxBuffer status;
        if (LibC.Statx(directory, path, flags, LibC.StatxBasicStats, &status) != 0)
        {
            return null;
        }

        var type = status.Mode & 0xF000;
        var mode = (UnixFileMode)status.Mode;
        return new FileStatus(type == 0x8000, type == 0x4000, type == 0xA000, mode & AllPermissions, status.Uid, (mode & UnixFileMode.StickyBit) != 0)
        {
            Identity = status.Identity,
        };
    }
}

/// <summary>Identity of a file, independent of its path: device and inode; where .NET does not tell them, the time of its creation.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong File)
{
    /// <summary>The identity of an open regular file.</summary>
    internal static FileIdentity? Of(SafeFileHandle handle)
    {
        if (OperatingSystem.IsLinux())
        {
            return FileStatus.Of(handle) is { IsFile: true } status ? status.Identity : null;
        }

        using var stream = new FileStream(new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, bufferSize: 0);
        return stream.CanSeek ? new FileIdentity(0, (ulong)System.IO.File.GetCreationTimeUtc(handle).Ticks) : null;
    }

    /// <summary>Which regular file has this name now. <see langword="null"/> where there is none.</summary>
    internal static FileIdentity? Of(string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return FileStatus.OfLinux(LibC.AtCurrentDirectory, path, LibC.AtSymlinkNoFollow) is { IsFile: true } status ? status.Identity : null;
        }

        var file = new FileInfo(path);
        return file is { Exists: true, LinkTarget: null } ? new FileIdentity(0, (ulong)file.CreationTimeUtc.Ticks) : null;
    }
}
