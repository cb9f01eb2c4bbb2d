using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// The exclusive lock of one port. It is held as long as any process has its descriptor: the launcher during the start, and the instance
/// from its start to its end. Only the holder of the lock deletes the file, and a process that takes the lock then checks that the file still
/// has its name. So two processes never hold locks of different files for the same port.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    private InstanceLock(SafeFileHandle handle) => Handle = handle;

    internal SafeFileHandle Handle { get; }

    /// <summary>Takes the lock without waiting; <see langword="null"/> when another process has it.</summary>
    /// <exception cref="IOException">The file cannot be opened or created (<see cref="NoFollowException"/> has the error number).</exception>
    internal static InstanceLock? TryAcquire(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return new InstanceLock(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException e) when ((e.HResult & 0xFFFF) is 32 or 33)
            {
                return null;
            }
        }

        while (true)
        {
            var handle = NoFollowFile.OpenOrCreate(path, append: false);
            var isTaken = false;
            try
            {
                // A FIFO can be locked, but it keeps no mark of the instance, and no process may replace it without a lock.
                if (FileStatus.Of(handle) is { IsFile: false })
                {
                    throw new NoFollowException(Errno.Invalid, path, "it is no regular file; move it away");
                }

                if (!AdvisoryLock.TryLockExclusive(handle))
                {
                    return null;
                }

                // Its last holder may have deleted the file after it was opened here.
                isTaken = FileIdentity.Of(handle) == FileIdentity.Of(path);
                if (isTaken)
                {
                    return new InstanceLock(handle);
                }
            }
            finally
            {
                if (!isTaken)
                {
                    handle.Dispose();
                }
            }
        }
    }

    /// <summary>Frees the lock and deletes its file. Only for a port that has no instance. As soon as the file is gone, another process can
    /// take the lock of a new one.</summary>
    internal void DisposeAndDelete(string path)
    {
        // Windows deletes no file that is open.
        if (!OperatingSystem.IsWindows() && FileIdentity.Of(Handle) == FileIdentity.Of(path))
        {
            AtomicFile.TryDelete(path);
        }

        Dispose();
    }

    /// <summary>Whether a descriptor is open, and its open file description holds, or can take, the lock of its file.</summary>
    [UnsupportedOSPlatform("windows")]
    internal static bool IsLocked(int descriptor)
    {
        try
        {
            using var borrowed = new SafeFileHandle(descriptor, ownsHandle: false);
            return AdvisoryLock.TryLockExclusive(borrowed);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>
    /// Wraps a descriptor that was inherited from a launcher. The caller has proved that it is this port's lock. Children of this process do
    /// not inherit it any more; on Linux only, because on Apple's Arm64 fcntl cannot be called like this.
    /// </summary>
    internal static InstanceLock Inherited(int descriptor)
    {
        const int SetDescriptorFlags = 2;
        const int CloseOnExecFlag = 1;
        if (OperatingSystem.IsLinux())
        {
            _ = LibC.fcntl(descriptor, SetDescriptorFlags, CloseOnExecFlag);
        }

        return new(new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>
    /// Notes the root of the instance in the lock's open file description: its file position becomes the PID. <c>/proc/PID/fdinfo</c> shows it for
    /// every process that inherited the description, and for no other. So a process that took the lock by itself is told apart. Linux only.
    /// </summary>
    internal void MarkRoot(int pid)
    {
        // Without a mark, the instance id in the environment still tells a holder.
        if (OperatingSystem.IsLinux())
        {
            _ = LibC.lseek((int)Handle.DangerousGetHandle(), pid, 0);
        }
    }

    /// <summary>Whether any process has the lock. Creates no file. <see langword="null"/> where this user may not open it.</summary>
    internal static bool? IsHeld(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
                return false;
            }

            using var handle = NoFollowFile.TryOpenRead(path, out var error);
            return handle is not null ? AdvisoryLock.IsLockedByOther(handle)
                : error is Errno.NoEntry or Errno.NotADirectory or Errno.IsADirectory || error == Errno.TooManyLinks ? false
                : null;
        }
        catch (IOException) when (OperatingSystem.IsWindows())
        {
            return File.Exists(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Frees the lock. Only for a lock that no living instance shares. Closing the descriptor would not be enough: a child that another
    /// thread is just starting has a copy of every descriptor between fork and exec, and would hold the lock for a moment.
    /// </summary>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && !Handle.IsClosed)
        {
            AdvisoryLock.Release(Handle);
        }

        Handle.Dispose();
    }

    /// <summary>Closes this process's descriptor only: an instance that inherited it keeps the lock.</summary>
    internal void HandOver() => Handle.Dispose();
}
