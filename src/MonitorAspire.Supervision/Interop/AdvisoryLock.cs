using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>flock(2). All processes that inherited the open file description share its lock, and the kernel frees it when the last has ended.</summary>
[UnsupportedOSPlatform("windows")]
internal static class AdvisoryLock
{
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int Unlock = 8;

    /// <summary>Takes the lock without waiting; false when another process has it.</summary>
    internal static bool TryLockExclusive(SafeFileHandle file) => TryLock(file, Exclusive);

    /// <summary>Whether another process has the lock. A shared lock is taken for a moment, so that two tests at the same time do not see each other.</summary>
    internal static bool IsLockedByOther(SafeFileHandle file)
    {
        if (!TryLock(file, Shared))
        {
            return true;
        }

        Release(file);
        return false;
    }

    /// <summary>Frees the lock for all processes that share it.</summary>
    internal static void Release(SafeFileHandle file) => _ = LibC.flock((int)file.DangerousGetHandle(), Unlock);

    private static bool TryLock(SafeFileHandle file, int kind)
    {
        while (LibC.flock((int)file.DangerousGetHandle(), kind | NonBlocking) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Errno.WouldBlock)
            {
                return false;
            }

            if (error != Errno.Interrupted)
            {
                throw new IOException($"flock: {Errno.Describe(error)}");
            }
        }

        return true;
    }
}
