using System.Runtime.InteropServices;

namespace MonitorAspire.FaultDaemon;

internal static partial class Native
{
    [LibraryImport("libc")]
    internal static partial int kill(int pid, int signal);

    [LibraryImport("libc")]
    internal static partial int setsid();

    [LibraryImport("libc")]
    internal static partial int close(int fd);
}
