using System.Diagnostics;
using System.Globalization;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>What this process holds: open descriptors, threads, children (zombies too) and managed memory.</summary>
internal sealed record ResourceUse(int Descriptors, int Threads, int Children, long Bytes)
{
    /// <summary>What the runtime may keep for itself: caches, pooled connections, a thread of its own.</summary>
    private const int SpareThreads = 2;
    private const int SpareDescriptors = 4;
    private const long SpareBytes = 4 << 20;

    public static ResourceUse Now()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var self = Process.GetCurrentProcess();
        return new ResourceUse(
            Open().Count(),
            self.Threads.Count - ThreadPool.ThreadCount,
            Directory.EnumerateDirectories("/proc").Count(d => ParentOf(d) == Environment.ProcessId),
            GC.GetTotalMemory(forceFullCollection: true));
    }

    /// <summary>Waits until this process holds no more than before. What has ended is freed a moment later.</summary>
    public static async Task<ResourceUse> NoMoreThanAsync(ResourceUse before)
    {
        var now = Now();
        try
        {
            await Wait.UntilAsync(() => before.Allows(now = Now()), "no more than before");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"before: {before}; now: {now}; open now: {string.Join(", ", Open())}");
        }

        return now;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Descriptors} descriptors, {Threads} threads, {Children} children, {Bytes / 1024.0 / 1024:0.0} MiB");

    // Without the assemblies: the runtime opens one when its first type is needed, and keeps it open.
    private static IEnumerable<string> Open() => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(fd => $"{Path.GetFileName(fd)} {new FileInfo(fd).LinkTarget}")
        .Where(fd => !fd.EndsWith(".dll", StringComparison.Ordinal));

    private bool Allows(ResourceUse now) => now.Descriptors <= Descriptors + SpareDescriptors && now.Threads <= Threads + SpareThreads && now.Children <= Children && now.Bytes <= Bytes + SpareBytes;

    private static int ParentOf(string process)
    {
        try
        {
            // The fields after the name in parentheses: state, parent.
            return int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out _)
                ? int.Parse(File.ReadAllText(Path.Combine(process, "stat")).Split(") ")[^1].Split(' ')[1], CultureInfo.InvariantCulture)
                : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
