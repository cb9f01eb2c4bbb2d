using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>A descriptor that came from the parent by number.</summary>
[UnsupportedOSPlatform("windows")]
internal static class InheritedDescriptor
{
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExecFlag = 1;

    /// <summary>Whether it is open and carries, or can take, the lock of its file: the one it was inherited with counts as its own.</summary>
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

    /// <summary>Keeps it from the children of this process. Without effect on Apple's Arm64, where fcntl cannot be called like this.</summary>
    internal static void CloseOnExec(int descriptor)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = LibC.fcntl(descriptor, SetDescriptorFlags, CloseOnExecFlag);
        }
    }
}
