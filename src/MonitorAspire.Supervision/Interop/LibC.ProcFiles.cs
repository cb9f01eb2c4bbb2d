using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// The calls that read <c>/proc</c>. System.IO is not used, because it throws: here it is normal that a process ends meanwhile or belongs
/// to another user, and an error number costs a thousandth of an exception.
/// </summary>
internal static unsafe partial class LibC
{
    public const int OpenReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC, the same on all architectures of .NET
    public const int AtCurrentDirectory = -100;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtEmptyPath = 0x1000;
    public const int AtStatxDontSync = 0x4000;
    public const uint StatxBasicStats = 0x7ff;
    public const int ScClockTicks = 2;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "readlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ReadLink(string path, byte* buffer, nuint size);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, EntryPoint = "opendir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OpenDirectory(string path);

    [LibraryImport(Library, EntryPoint = "readdir")]
    public static partial byte* ReadDirectory(nint directory);

    [LibraryImport(Library, EntryPoint = "closedir")]
    public static partial int CloseDirectory(nint directory);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport(Library, EntryPoint = "sysconf")]
    public static partial nint SysConf(int name);

    /// <summary>
    /// The part of <c>struct statx</c> that is used, see <see href="https://man7.org/linux/man-pages/man2/statx.2.html">statx(2)</see>.
    /// Unlike <c>struct stat</c> it has one layout on all architectures.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct StatxBuffer
    {
        [FieldOffset(16)]
        public uint LinkCount;

        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;

        public readonly FileIdentity Identity => new(((ulong)DeviceMajor << 32) | DeviceMinor, Inode);
    }
}
