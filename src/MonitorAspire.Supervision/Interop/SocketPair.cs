using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// Two sockets that are connected to each other, for the output of a child process. Unlike a pipe it is read without a thread that waits.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static unsafe class SocketPair
{
    private const int FamilyUnix = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    /// <summary>Our end, and the blocking end for the child.</summary>
    internal static (Socket Ours, SafeFileHandle Theirs) Create()
    {
        var ends = stackalloc int[2];
        if (LibC.socketpair(FamilyUnix, OperatingSystem.IsLinux() ? Stream | CloseOnExec : Stream, 0, ends) != 0)
        {
            throw new IOException($"socketpair: {Errno.Describe(Marshal.GetLastPInvokeError())}");
        }

        return (new Socket(new SafeSocketHandle(ends[0], ownsHandle: true)), new SafeFileHandle(ends[1], ownsHandle: true));
    }
}
