using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// Starts a daemon with posix_spawn(3): in a new session, with default signal handling, stdin from /dev/null, stdout and stderr to one
/// file, the lock (if there is one) as descriptor 3, and no other descriptor. fork(2) is not used: between fork and exec, a process with several threads may
/// call almost nothing.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static unsafe class SpawnedProcess
{
    /// <summary>The child's descriptor of the lock.</summary>
    internal const int LockDescriptor = 3;

    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;

    private static short SetSession => OperatingSystem.IsMacOS() ? (short)0x400 : (short)0x80;

    /// <summary>
    /// Starts a program, the first of the words. Returns the PID, or the error number as a negative value. A program that sets its limit of descriptors itself gets
    /// none from here: it could come later than its own.
    /// </summary>
    internal static int Start(
        IEnumerable<string> words,
        IEnumerable<KeyValuePair<string, string>> environment,
        string? workingDirectory,
        SafeFileHandle output,
        SafeFileHandle? instanceLock,
        bool setsDescriptorLimit = false)
    {
        // Both types are a pointer on macOS, 80 and 336 bytes with glibc, smaller with musl.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        var signals = stackalloc byte[256];

        using var argv = new NativeStrings(words);
        using var envp = new NativeStrings(environment.Select(e => $"{e.Key}={e.Value}"));
        using var names = new NativeStrings(["/dev/null", workingDirectory ?? "/"]);
        using var outputCopy = AboveTheTargets(output);
        using var lockCopy = instanceLock is null ? null : AboveTheTargets(instanceLock);

        Check(LibC.posix_spawn_file_actions_init(actions));
        try
        {
            Check(LibC.posix_spawnattr_init(attributes));
            try
            {
                Check(LibC.posix_spawn_file_actions_addopen(actions, 0, names[0], 0, 0));
                Check(LibC.posix_spawn_file_actions_adddup2(actions, Descriptor(outputCopy), 1));
                Check(LibC.posix_spawn_file_actions_adddup2(actions, Descriptor(outputCopy), 2));
                if (lockCopy is not null)
                {
                    Check(LibC.posix_spawn_file_actions_adddup2(actions, Descriptor(lockCopy), LockDescriptor));
                }

                if (workingDirectory is not null)
                {
                    Check(LibC.posix_spawn_file_actions_addchdir_np(actions, names[1]));
                }

                CloseFrom(actions, lockCopy is null ? LockDescriptor : LockDescriptor + 1);

                // .NET ignores SIGPIPE, and a shell's background job ignores SIGINT. The daemon must not inherit that.
                Check(LibC.sigemptyset(signals));
                Check(LibC.posix_spawnattr_setsigmask(attributes, signals));
                for (var signal = 1; signal <= 31; signal++)
                {
                    if (signal is not 9 && signal != (OperatingSystem.IsMacOS() ? 17 : 19))
                    {
                        Check(LibC.sigaddset(signals, signal));
                    }
                }

                Check(LibC.posix_spawnattr_setsigdefault(attributes, signals));
                Check(LibC.posix_spawnattr_setflags(attributes, (short)(SetSession | SetSignalDefaults | SetSignalMask)));

                return OperatingSystem.IsLinux() && !setsDescriptorLimit
                    ? UserDescriptorLimit.Spawn(() => Spawn(argv[0], actions, attributes, argv.Pointer, envp.Pointer), Descriptor(lockCopy ?? outputCopy) + 1)
                    : Spawn(argv[0], actions, attributes, argv.Pointer, envp.Pointer);
            }
            finally
            {
                _ = LibC.posix_spawnattr_destroy(attributes);
            }
        }
        finally
        {
            _ = LibC.posix_spawn_file_actions_destroy(actions);
        }
    }

    private static int Spawn(byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment)
    {
        int pid;
        var error = LibC.posix_spawn(&pid, path, actions, attributes, arguments, environment);
        return error == 0 ? pid : -error;
    }

    private static void CloseFrom(byte* actions, int lowest)
    {
        try
        {
            Check(LibC.posix_spawn_file_actions_addclosefrom_np(actions, lowest));
        }
        catch (EntryPointNotFoundException)
        {
            // Older than glibc 2.34: the descriptors that are open now are listed. Those that .NET opens later are close-on-exec.
            var descriptors = OperatingSystem.IsLinux() ? "/proc/self/fd" : "/dev/fd";
            foreach (var entry in Directory.EnumerateFileSystemEntries(descriptors))
            {
                if (int.TryParse(Path.GetFileName(entry), out var fd) && fd >= lowest)
                {
                    Check(LibC.posix_spawn_file_actions_addclose(actions, fd));
                }
            }
        }
    }

    // A source among the descriptors 0 to 3 would be overwritten before it is copied.
    private static SafeFileHandle AboveTheTargets(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            return Descriptor(file) > LockDescriptor
                ? new SafeFileHandle(file.DangerousGetHandle(), ownsHandle: false)
                : throw new IOException("standard descriptors are closed; start this program with stdin, stdout and stderr open");
        }

        var copy = LibC.Duplicate(Descriptor(file), 10);
        return copy >= 0
            ? new SafeFileHandle(copy, ownsHandle: true)
            : throw new IOException($"a descriptor for the daemon cannot be opened: {Errno.Describe(Marshal.GetLastPInvokeError())}", Marshal.GetLastPInvokeError());
    }

    private static int Descriptor(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new IOException($"posix_spawn set-up: {Errno.Describe(error)}");
        }
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly int _count;

        internal NativeStrings(IEnumerable<string> strings)
        {
            var all = strings.Select(s => Encoding.UTF8.GetBytes(s)).ToList();
            _count = all.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)all[i].Length + 1);
                all[i].CopyTo(new Span<byte>(Pointer[i], all[i].Length));
            }
        }

        internal byte** Pointer { get; }

        internal byte* this[int index] => Pointer[index];

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
