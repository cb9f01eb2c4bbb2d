using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>A descriptor that was inherited from the parent.</summary>
[UnsupportedOSPlatform("windows")]
internal static class InheritedDescriptor
{
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExecFlag = 1;

    /// <summary>Whether it is open and its open file description holds, or can take, the lock of its file.</summary>
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

    /// <summary>Children of this process do not inherit it any more. Linux only: on Apple's Arm64 fcntl cannot be called like this.</summary>
    internal static void CloseOnExec(int descriptor)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LibC.fcntl(descriptor, SetDescriptorFlags, CloseOnExecFlag);
        }
    }
}
