using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// A pidfd (<see href="https://man7.org/linux/man-pages/man2/pidfd_open.2.html">pidfd_open(2)</see>, Linux 5.3): refers to one
/// process, also when its PID is used again.
/// </summary>
[SupportedOSPlatform("linux")]
internal static class ProcessDescriptor
{
    // The same numbers on every architecture.
    private const nint SendSignalCall = 424;
    private const nint OpenCall = 434;

    /// <summary>Opens a descriptor of a process; <see langword="null"/> when there is no such process.</summary>
    /// <exception cref="PlatformNotSupportedException">The kernel has no pidfd.</exception>
    internal static SafeFileHandle? Open(int pid)
    {
        var fd = LibC.syscall(OpenCall, pid, 0, 0, 0);
        if (fd >= 0)
        {
            return new SafeFileHandle(fd, ownsHandle: true);
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Errno.NoProcess || error == 22 /* EINVAL: a thread, not a process */
            ? null
            : throw new PlatformNotSupportedException($"pidfd_open({pid}): {Errno.Describe(error)}");
    }

    /// <summary>Sends a signal to exactly this process. Returns 0 or the error number.</summary>
    internal static int SendSignal(SafeFileHandle descriptor, int signal) =>
        LibC.syscall(SendSignalCall, descriptor.DangerousGetHandle(), signal, 0, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();
}
