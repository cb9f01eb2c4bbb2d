using System.Globalization;

namespace MonitorAspire.ProcessBenchmarks.Measuring;

/// <summary>What processes have used so far (CPU, context switches) and hold now (memory, descriptors, threads), from <c>/proc</c>.</summary>
internal sealed record ProcessCost(double CpuSeconds, long Switches, double PssMiB, int Descriptors, int Threads)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on all architectures that .NET runs on

    /// <summary>The sum over some processes. One that has ended in between counts as nothing.</summary>
    public static ProcessCost Of(IEnumerable<int> pids) => pids.Select(Of).Aggregate(new ProcessCost(0, 0, 0, 0, 0), static (a, b) =>
        new ProcessCost(a.CpuSeconds + b.CpuSeconds, a.Switches + b.Switches, a.PssMiB + b.PssMiB, a.Descriptors + b.Descriptors, a.Threads + b.Threads));

    /// <summary>A process and its descendants, without those that run the given executable.</summary>
    public static IReadOnlyList<int> Tree(int root, string without)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Stat(pid) is { } stat)
            {
                var parent = int.Parse(stat[1], CultureInfo.InvariantCulture);
                (children.TryGetValue(parent, out var list) ? list : children[parent] = []).Add(pid);
            }
        }

        var tree = new List<int>();
        var next = new Queue<int>([root]);
        while (next.TryDequeue(out var pid))
        {
            if (Executable(pid) != without)
            {
                tree.Add(pid);
            }

            children.GetValueOrDefault(pid)?.ForEach(next.Enqueue);
        }

        return tree;
    }

    public static string? Executable(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/exe", returnFinalTarget: false)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ProcessCost Of(int pid)
    {
        try
        {
            var stat = Stat(pid) ?? throw new FileNotFoundException();
            var switches = Directory.EnumerateDirectories($"/proc/{pid}/task").Sum(task =>
                Field(Path.Combine(task, "status"), "voluntary_ctxt_switches:") + Field(Path.Combine(task, "status"), "nonvoluntary_ctxt_switches:"));
            return new ProcessCost(
                (double.Parse(stat[11], CultureInfo.InvariantCulture) + double.Parse(stat[12], CultureInfo.InvariantCulture)) / TicksPerSecond,
                switches,
                Field($"/proc/{pid}/smaps_rollup", "Pss:") / 1024.0,
                Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Count(),
                int.Parse(stat[17], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ProcessCost(0, 0, 0, 0, 0);
        }
    }

    // The fields after the name, which may contain spaces: [0] is the state, [1] the parent.
    private static string[]? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long Field(string file, string name) => File.ReadLines(file)
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture))
        .FirstOrDefault();
}
