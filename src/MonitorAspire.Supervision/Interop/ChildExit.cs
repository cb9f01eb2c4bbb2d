using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace MonitorAspire.Supervision.Interop;

/// <summary>waitid(2) for one child: reads how it ended, and removes the zombie.</summary>
[UnsupportedOSPlatform("windows")]
internal static unsafe class ChildExit
{
    private const int ByAnyPid = 0;
    private const int ByPid = 1;
    private const int Exited = 4;
    private const int NoHang = 1;
    private const int LeaveWaitable = 0x1000000;
    private const int GetSubreaper = 37;
    private const int ClosedExited = 1;

    private static readonly ConcurrentDictionary<int, bool> Expected = new();

    /// <summary>Whether this process becomes the parent of orphans, because it is PID 1 or a child subreaper (prctl(2)).</summary>
    [SupportedOSPlatform("linux")]
    internal static bool InheritsOrphans()
    {
        int isSubreaper;
        return Environment.ProcessId == 1 || (LibC.prctl(GetSubreaper, &isSubreaper) == 0 && isSubreaper != 0);
    }

    /// <summary>Says that the exit of this child is waited for with <see cref="TryReap"/>. Nothing else may reap it.</summary>
    internal static void Expect(int pid) => Expected[pid] = true;

    /// <summary>Whether the exit of this child is waited for.</summary>
    internal static bool IsExpected(int pid) => Expected.ContainsKey(pid);

    /// <summary>Whether any child has ended and is not reaped. It stays as it is.</summary>
    internal static bool AnyEnded()
    {
        var info = stackalloc byte[256];
        new Span<byte>(info, 256).Clear();
        return LibC.waitid(ByAnyPid, 0, info, Exited | NoHang | LeaveWaitable) == 0 && PidIn((int*)info) != 0;
    }

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
                Expected.TryRemove(pid, out _);
                return ProcessExit.Unknown;
            }
        }

        // Linux: si_signo, si_errno, si_code, padding, si_pid, si_uid, si_status. macOS: si_signo, si_errno, si_code, si_pid,
        // si_uid, si_status. With WNOHANG and nothing to report si_pid stays zero.
        var words = (int*)info;
        if (PidIn(words) == 0)
        {
            return null;
        }

        Expected.TryRemove(pid, out _);
        var status = OperatingSystem.IsLinux() ? words[6] : words[5];
        return words[2] == ClosedExited ? new ProcessExit(status, null) : new ProcessExit(null, status);
    }

    private static int PidIn(int* signalInfo) => OperatingSystem.IsLinux() ? signalInfo[4] : signalInfo[3];
}
