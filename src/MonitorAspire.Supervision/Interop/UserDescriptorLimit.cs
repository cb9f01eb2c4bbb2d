using System.Globalization;
using System.Runtime.Versioning;

namespace MonitorAspire.Supervision.Interop;

/// <summary>
/// The soft limit of descriptors (<c>ulimit -Sn</c>) that the user gave this process. The .NET runtime raises it to the hard limit when it
/// starts. A daemon must not inherit that: select(2) cannot use descriptors above 1023, and some programs close every possible descriptor.
/// </summary>
internal static unsafe class UserDescriptorLimit
{
    /// <summary>Tells the limit where this program is started by a .NET program, which has raised its own.</summary>
    internal const string Variable = "MONITOR_DESCRIPTOR_LIMIT";

    private const int Descriptors = 7; // RLIMIT_NOFILE

    // Other threads may open descriptors during a spawn.
    private const int Room = 64;

    private static readonly Lock Gate = new();
    private static readonly ulong Hard = HardLimit();

    /// <summary>The limit, read once. The hard limit where it was not raised, or where nothing tells what it was.</summary>
    [SupportedOSPlatform("linux")]
    internal static ulong Soft { get; } = Read();

    /// <summary>
    /// Spawns a child with the user's limit. This process has the lower limit meanwhile, so that the child never sees another one; where this
    /// process has too many descriptors open for that, the child's limit is set after the spawn.
    /// </summary>
    /// <param name="spawn">Starts the child and returns its PID, or a number below 1.</param>
    /// <param name="lowestFree">The lowest descriptor that is free in this process.</param>
    [SupportedOSPlatform("linux")]
    internal static int Spawn(Func<int> spawn, int lowestFree)
    {
        if (Soft >= Hard)
        {
            return spawn();
        }

        lock (Gate)
        {
            var lowered = (ulong)lowestFree + Room < Soft && Set(0, Soft);
            int pid;
            try
            {
                pid = spawn();
            }
            finally
            {
                if (lowered)
                {
                    Set(0, Hard);
                }
            }

            if (!lowered && pid > 0)
            {
                Set(pid, Soft);
            }

            return pid;
        }
    }

    private static bool Set(int pid, ulong soft)
    {
        var limits = stackalloc ulong[] { soft, Hard };
        return LibC.prlimit(pid, Descriptors, limits, null) == 0;
    }

    private static ulong HardLimit()
    {
        var limits = stackalloc ulong[2];
        return LibC.prlimit(0, Descriptors, null, limits) == 0 ? limits[1] : 0;
    }

    private static ulong Read()
    {
        if (ulong.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out var told))
        {
            return told > 0 && told < Hard ? told : Hard;
        }

        // A parent with the same hard limit is the shell or the wrapper from which this process inherited both. With another hard limit, both
        // were set for this process (by systemd, for example), and nothing tells the soft one.
        return Parse(LimitsOfParent(), out var soft, out var hard) && hard == Hard && soft < Hard ? soft : Hard;
    }

    private static string LimitsOfParent()
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{LibC.getppid()}/limits"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // Limit                     Soft Limit           Hard Limit           Units
    // Max open files            1024                 524288               files
    internal static bool Parse(string limits, out ulong soft, out ulong hard)
    {
        const string name = "Max open files";
        soft = hard = 0;
        var line = limits.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var first, var second, ..]
            && ulong.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out soft)
            && ulong.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out hard);
    }
}
