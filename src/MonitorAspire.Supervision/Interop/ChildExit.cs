using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace MonitorAspire.Supervision.Interop;

/// <summary>waitid(2) for one child: reads how it ended, and removes the zombie.</summary>
[UnsupportedOSPlatform("windows")]
internal static unsafe class ChildExit
{
    private const int ByPid = 1;
    private const int Exited = 4;
    private const int NoHang = 1;
    private const int ClosedExited = 1;

    /// <summary>Reaps the child if it has ended; <see langword="null"/> while it runs, <see cref="ProcessExit.Unknown"/> if it is no child of ours.</summary>
    internal static ProcessExit? TryReap(int pid)
    {
        // siginfo_t is 128 bytes on Linux and smaller on macOS.
        var info = stackalloc byte[256];
        new Span<byte>(info, 256).Clear();
        while (LibC.waitid(ByPid, pid, info, Exited | NoHang) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
            {
                return ProcessExit.Unknown;
            }
        }

        // Linux: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status. macOS: si_signo, si_errno, si_code, si_pid,
        // si_uid, si_status. With WNOHANG and nothing to report si_pid stays zero.
        var words = (int*)info;
        var (seenPid, status) = OperatingSystem.IsLinux() ? (words[4], words[6]) : (words[3], words[5]);
        if (seenPid == 0)
        {
            return null;
        }

        return words[2] == ClosedExited ? new ProcessExit(status, null) : new ProcessExit(null, status);
    }
}
