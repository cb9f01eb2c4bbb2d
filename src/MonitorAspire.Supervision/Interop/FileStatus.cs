using System.Buffers.Binary;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>Type, permissions and owner of a file, which .NET tells only in part.</summary>
/// <param name="IsFile">A regular file.</param>
/// <param name="IsDirectory">A directory.</param>
/// <param name="IsLink">A symbolic link.</param>
/// <param name="Permissions">Read, write and execute for owner, group and others.</param>
/// <param name="Uid">The owner; <see langword="null"/> where not to be told.</param>
/// <param name="IsSticky">Only the owner of an entry can rename or delete it: the sticky bit of a directory.</param>
internal sealed record FileStatus(bool IsFile, bool IsDirectory, bool IsLink, UnixFileMode Permissions, uint? Uid, bool IsSticky)
{
    private const UnixFileMode AllPermissions = (UnixFileMode)0x1FF;

    /// <summary>Provably somebody else's. For root nothing is in the way, but what another user owns another user can change.</summary>
    [UnsupportedOSPlatform("windows")]
    internal bool BelongsToOther => Uid is { } uid && uid != LibC.geteuid();

    /// <summary>Belongs neither to this user nor to root, who can change everything anyway.</summary>
    [UnsupportedOSPlatform("windows")]
    internal bool BelongsToStranger => BelongsToOther && Uid != 0;

    /// <summary>A mode as <c>chmod</c> takes it.</summary>
    internal static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    /// <summary>The status; <see langword="null"/> where there is nothing or nothing may be seen.</summary>
    [UnsupportedOSPlatform("windows")]
    internal static FileStatus? Of(string path, bool follow)
    {
        if (OperatingSystem.IsLinux() && OfLinux(path, follow) is { } status)
        {
            return status;
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

    /// <summary>The status of an open file: nobody can put another one in its place meanwhile.</summary>
    [UnsupportedOSPlatform("windows")]
    internal static FileStatus? Of(SafeFileHandle handle)
    {
        const int EmptyPath = 0x1000;
        return OperatingSystem.IsLinux()
            ? OfLinux((int)handle.DangerousGetHandle(), "", EmptyPath)
            : new FileStatus(true, false, false, File.GetUnixFileMode(handle) & AllPermissions, null, false);
    }

    [SupportedOSPlatform("linux")]
    private static FileStatus? OfLinux(string path, bool follow)
    {
        const int CurrentDirectory = -100;
        const int NoFollow = 0x100;
        return OfLinux(CurrentDirectory, path, follow ? 0 : NoFollow);
    }

    // struct statx has one layout on all processors, unlike struct stat:
    //   u32 mask, blksize; u64 attributes; u32 nlink, uid, gid; u16 mode, …
    [SupportedOSPlatform("linux")]
    private static unsafe FileStatus? OfLinux(int directory, string path, int flags)
    {
        const uint TypeModeUid = 0x1 | 0x2 | 0x8;
        const int UidOffset = 20;
        const int ModeOffset = 28;
        const int TypeMask = 0xF000;

        Span<byte> buffer = stackalloc byte[256];
        fixed (byte* pointer = buffer)
        {
            if (LibC.statx(directory, path, flags, TypeModeUid, pointer) != 0)
            {
                return null;
            }
        }

        var uid = BinaryPrimitives.ReadUInt32LittleEndian(buffer[UidOffset..]);
        var mode = BinaryPrimitives.ReadUInt16LittleEndian(buffer[ModeOffset..]);
        var type = mode & TypeMask;
        return new FileStatus(type == 0x8000, type == 0x4000, type == 0xA000, (UnixFileMode)mode & AllPermissions, uid, (mode & (int)UnixFileMode.StickyBit) != 0);
    }
}
