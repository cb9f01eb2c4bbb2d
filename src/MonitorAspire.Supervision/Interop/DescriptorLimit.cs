using System.Net.Sockets;

namespace MonitorAspire.Supervision.Interop;

/// <summary>How many descriptors this process may open (<c>ulimit -n</c>).</summary>
internal static unsafe class DescriptorLimit
{
    /// <summary>The limit. <see cref="int.MaxValue"/> where there is none or where it cannot be read.</summary>
    internal static int Current { get; } = Read();

    // A probe and a spawn open about as many at a time.
    private const int Needed = 8;

    /// <summary>
    /// Whether this process or the machine has too few descriptors left for a probe or a spawn. What was read meanwhile cannot be believed:
    /// a file that cannot be opened looks like one that is not there.
    /// </summary>
    internal static bool IsReached()
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        var opened = 0;
        Span<int> descriptors = stackalloc int[Needed];
        while (opened < Needed)
        {
            // The first one is a new file, because the machine's limit counts files. Copies of its descriptor cost less.
            var descriptor = opened > 0 && OperatingSystem.IsLinux() ? LibC.Duplicate(descriptors[0], 0) : LibC.Open("/dev/null", LibC.OpenReadOnlyCloseOnExec);
            if (descriptor < 0)
            {
                break;
            }

            descriptors[opened++] = descriptor;
        }

        foreach (var descriptor in descriptors[..opened])
        {
            _ = LibC.Close(descriptor);
        }

        return opened < Needed;
    }

    /// <summary>Whether an operation failed because no descriptor was left.</summary>
    internal static bool IsReachedBy(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets } || (exception is IOException && Errno.IsNoDescriptor(exception.HResult)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How many more can be opened now.</summary>
    internal static int Free()
    {
        try
        {
            return Current == int.MaxValue
                ? int.MaxValue
                : Current - Directory.EnumerateFileSystemEntries(OperatingSystem.IsLinux() ? "/proc/self/fd" : "/dev/fd").Count();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Listing the directory needs a descriptor too.
            return 0;
        }
    }

    private static int Read()
    {
        // struct rlimit on 64-bit systems: soft and hard limit.
        var limits = stackalloc ulong[2];
        return !OperatingSystem.IsWindows() && LibC.getrlimit(OperatingSystem.IsMacOS() ? 8 : 7, limits) == 0
            ? (int)Math.Min(limits[0], int.MaxValue)
            : int.MaxValue;
    }
}
