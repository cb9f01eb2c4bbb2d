using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// flock(2): a lock that belongs to the open file description, so it is shared with every process that inherited the
/// descriptor and freed by the kernel when the last of them is gone, however it ended.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static class AdvisoryLock
{
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int Unlock = 8;

    /// <summary>Takes the lock without waiting; false when somebody else has it.</summary>
    internal static bool TryLockExclusive(SafeFileHandle file) => TryLock(file, Exclusive);

    /// <summary>Whether somebody has the lock. It is taken as a shared one for a moment: two who ask do not disturb each other.</summary>
    internal static bool IsLockedByOther(SafeFileHandle file)
    {
        if (!TryLock(file, Shared))
        {
            return true;
        }

        Release(file);
        return false;
    }

    /// <summary>Frees the lock for everybody who shares the descriptor.</summary>
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
