using System.Reflection;
using System.Runtime.InteropServices;

namespace MonitorAspire.Supervision.Interop;

/// <summary>Calls of the C library that .NET does not offer.</summary>
internal static unsafe partial class LibC
{
    public const int OpenReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC, the same on all architectures of .NET
    public const int AtCurrentDirectory = -100;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtEmptyPath = 0x1000;
    public const int AtStatxDontSync = 0x4000;
    public const uint StatxBasicStats = 0x7ff;
    public const int ScClockTicks = 2;
    private const string Library = "libc";

    // The file name of the C library is different on each system, and "libc" may be a linker script. The running program is linked with
    // the right library, so the functions are found there.
    static LibC() => NativeLibrary.SetDllImportResolver(
        Assembly.GetExecutingAssembly(),
        static (name, _, _) => name == Library && !OperatingSystem.IsWindows() ? NativeLibrary.GetMainProgramHandle() : IntPtr.Zero);

    // fcntl, syscall and open are variadic in C, but are declared here with fixed parameters. On Linux both have the same calling convention. On
    // Apple's Arm64 they have not: there only the other functions are called, and open without a mode.
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fcntl(int fd, int command, int argument);

    /// <summary>Copies a descriptor to the first free one from a number on, closed on exec. Linux only; below 0 on an error.</summary>
    internal static int Duplicate(int descriptor, int least)
    {
        const int DuplicateCloseOnExec = 1030; // F_DUPFD_CLOEXEC
        return fcntl(descriptor, DuplicateCloseOnExec, least);
    }

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int flock(int fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint lseek(int fd, nint offset, int origin);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fallocate(int fd, int mode, long offset, long length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int waitid(int idType, int id, byte* signalInfo, int options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint syscall(nint number, nint first, nint second, nint third, nint fourth);

    [LibraryImport(Library)]
    internal static partial nint getrandom(byte* buffer, nuint length, uint flags);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    [LibraryImport(Library)]
    internal static partial uint getegid();

    // These return the error instead of setting errno, and a null pointer as result where there is no such entry.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int getpwnam_r(string name, byte* entry, byte* buffer, nuint size, nint* result);

    [LibraryImport(Library)]
    internal static partial int getpwuid_r(uint uid, byte* entry, byte* buffer, nuint size, nint* result);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int getgrnam_r(string name, byte* entry, byte* buffer, nuint size, nint* result);

    [LibraryImport(Library)]
    internal static partial int getrlimit(int resource, ulong* limits);

    // Linux only. PID 0 is this process. Both limits are two 64-bit numbers, soft and hard; a null pointer stands for "not".
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prlimit(int pid, int resource, ulong* newLimit, ulong* oldLimit);

    [LibraryImport(Library)]
    internal static partial int getppid();

    // Variadic in C, called on Linux only.
    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prctl(int option, int* result);

    // System.Net.Sockets.Socket does not support netlink, and makes more calls for each connection than a probe needs.
    [LibraryImport(Library, EntryPoint = "socket")]
    internal static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library)]
    internal static partial int connect(int descriptor, byte* address, uint length);

    [LibraryImport(Library)]
    internal static partial int getsockname(int descriptor, byte* address, uint* length);

    [LibraryImport(Library, EntryPoint = "send")]
    internal static partial nint Send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "recv")]
    internal static partial nint Receive(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int socketpair(int family, int type, int protocol, int* descriptors);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint recvmsg(int descriptor, CredentialMessage.Message* message, int flags);

    // posix_spawn and its helpers return the error instead of setting errno.
    [LibraryImport(Library)]
    internal static partial int posix_spawn(int* pid, byte* path, void* fileActions, void* attributes, byte** arguments, byte** environment);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_init(void* fileActions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_destroy(void* fileActions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_adddup2(void* fileActions, int from, int to);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addclose(void* fileActions, int fd);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addopen(void* fileActions, int fd, byte* path, int flags, uint mode);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addclosefrom_np(void* fileActions, int lowest);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addchdir_np(void* fileActions, byte* path);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigmask(void* attributes, void* signals);

    [LibraryImport(Library)]
    internal static partial int sigemptyset(void* signals);

    [LibraryImport(Library)]
    internal static partial int sigaddset(void* signals, int signal);

    // The calls that read /proc. System.IO is not used, because it throws: here it is normal that a process ends meanwhile or belongs to
    // another user, and an error number costs a thousandth of an exception.
    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode = 0);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "readlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ReadLink(string path, byte* buffer, nuint size);

    [LibraryImport(Library, EntryPoint = "readlinkat", SetLastError = true)]
    public static partial nint ReadLinkAt(int directory, byte* name, byte* buffer, nuint size);

    [LibraryImport(Library, EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(string path, int mode);

    [LibraryImport(Library, EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial byte* RealPath(string path, byte* buffer);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    public static partial int Statx(int directory, byte* path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport(Library, EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatVfs(string path, ulong* status);

    [LibraryImport(Library, EntryPoint = "opendir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OpenDirectory(string path);

    [LibraryImport(Library, EntryPoint = "readdir")]
    public static partial byte* ReadDirectory(nint directory);

    [LibraryImport(Library, EntryPoint = "dirfd")]
    public static partial int DirectoryDescriptor(nint directory);

    [LibraryImport(Library, EntryPoint = "closedir")]
    public static partial int CloseDirectory(nint directory);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport(Library, EntryPoint = "sysconf")]
    public static partial nint SysConf(int name);

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Fd;
        public short Events;
        public short ReturnedEvents;
    }

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

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long ChangeSeconds;

        [FieldOffset(104)]
        public uint ChangeNanoseconds;

        [FieldOffset(112)]
        public long WriteSeconds;

        [FieldOffset(120)]
        public uint WriteNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;

        public readonly FileIdentity Identity => new(((ulong)DeviceMajor << 32) | DeviceMinor, Inode);
    }
}
