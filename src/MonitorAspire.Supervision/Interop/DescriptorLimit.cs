namespace MonitorAspire.Supervision.Interop;

/// <summary>How many descriptors this process may open (<c>ulimit -n</c>).</summary>
internal static unsafe class DescriptorLimit
{
    /// <summary>The limit. <see cref="int.MaxValue"/> where there is none or where it cannot be read.</summary>
    internal static int Current { get; } = Read();

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
