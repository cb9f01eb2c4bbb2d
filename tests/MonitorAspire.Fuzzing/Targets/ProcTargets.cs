using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Probes.Linux;
using MonitorAspire.Testing;

namespace MonitorAspire.Fuzzing.Targets;

/// <summary>What the kernel writes. Programs choose parts of it: their name, their environment.</summary>
internal static partial class ProcTargets
{
    private const int Pid = 42;

    private static readonly TemporaryDirectory Root = Scratch.Create();
    private static readonly LinuxProcesses Table = new(new ProcFiles(Root.Path));

    internal static void Stat(byte[] content)
    {
        var isParsed = ProcStat.TryParse(content, out var stat);
        if (isParsed)
        {
            Assert.True(stat.Pid > 0);
            Assert.True(stat.StartTicks >= 0);
            Assert.True(char.IsAsciiLetter(stat.State));
        }

        // A second, slow implementation.
        if (StatLine().Match(Encoding.Latin1.GetString(content)) is { Success: true } line
            && line.Groups["field"].Captures is var fields
            && Number(line.Groups["pid"]) is > 0 and <= int.MaxValue and var pid
            && IsInt(fields[0]) && IsInt(fields[2]) && IsInt(fields[16]) && Number(fields[5]) is { } flags
            && Number(fields[18]) is >= 0 and < 1L << 41 and var ticks)
        {
            Assert.True(isParsed);
            Assert.Equal(
                (pid, Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(line.Groups["name"].Value)), line.Groups["state"].Value[0], Number(fields[0]), Number(fields[2]), Number(fields[16]), (flags >> 21) % 2 != 0, ticks),
                ((long?)stat.Pid, stat.Name, stat.State, (long?)stat.ParentPid, (long?)stat.Session, (long?)stat.ThreadCount, stat.IsKernelThread, stat.StartTicks));
        }

        // .NET ignores NUL characters at the end of a number.
        static long? Number(Capture group) =>
            !group.Value.Contains('\0', StringComparison.Ordinal) && long.TryParse(group.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

        static bool IsInt(Capture capture) => Number(capture) is >= int.MinValue and <= int.MaxValue;
    }

    internal static void Status(byte[] content)
    {
        var group = SmallFormats.ThreadGroup(content);
        Assert.True(group is null or > 0, $"thread group {group}");
        var inner = SmallFormats.InnermostPid(content);
        Assert.True(inner is null or > 0, $"PID {inner}");
    }

    internal static void DescriptorInfo(byte[] content)
    {
        var isHeld = SmallFormats.TryFlock(content, out var isShared, out var position);
        Assert.True(position >= 0, $"position {position}");
        Assert.True(isHeld || !isShared);
    }

    /// <summary>All files of one process: each gets the content once.</summary>
    internal static void Process(byte[] content)
    {
        foreach (var file in (string[])[$"{Pid}/stat", $"{Pid}/status", $"{Pid}/environ", "stat", "sys/kernel/random/boot_id"])
        {
            using var proc = new Recorded(file, content);
            var lookup = proc.Table.Lookup(Pid);
            var described = proc.Table.Describe(Pid);
            Assert.True(described is null || described.Identity.Pid > 0);
            Assert.InRange(proc.Table.Snapshot().Count, 0, 1);
            Assert.True(proc.Table.InnermostPid(Pid) > 0);
            _ = ProcessEnvironment.TryGet(proc.Table, Pid, "MONITOR_INSTANCE_ID", out _);
            if (lookup.Identity is { } identity)
            {
                try
                {
                    _ = proc.Table.StartTimeOf(identity);
                }
                catch (IOException)
                {
                    // Documented: the time of the boot is unknown.
                }
            }
        }
    }

    /// <summary>The mounts, the PIDs in a group, and the path of a group from an edited record. Nothing is made or removed.</summary>
    internal static void Groups(byte[] content)
    {
        const string id = "8768-x";
        const string group = $"/system.slice/monitor-daemon-{id}";
        File.WriteAllBytes(Root["mountinfo"], content);
        Assert.All(new ControlGroup(Root["mountinfo"]).MembersOf(group, id), pid => Assert.True(pid > 0));

        Directory.CreateDirectory(Root["cgroup"] + group);
        File.WriteAllBytes($"{Root["cgroup"]}{group}/cgroup.procs", content);
        File.WriteAllText(Root["mountinfo"], $"42 34 0:30 / {Root["cgroup"]} rw,nosuid - cgroup2 cgroup2 rw\n");
        var table = new ControlGroup(Root["mountinfo"]);
        Assert.All(table.MembersOf(group, id), pid => Assert.True(pid > 0));
        _ = table.MembersOf($"/{Encoding.UTF8.GetString(content)}/monitor-daemon-{id}", id);
    }

    internal static void Limits(byte[] content)
    {
        if (!UserDescriptorLimit.Parse(Encoding.UTF8.GetString(content), out var soft, out var hard))
        {
            return;
        }

        var line = Encoding.UTF8.GetString(content).Split('\n').First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        Assert.Contains(soft.ToString(CultureInfo.InvariantCulture), line, StringComparison.Ordinal);
        Assert.Contains(hard.ToString(CultureInfo.InvariantCulture), line, StringComparison.Ordinal);
    }

    internal static void Sockets(byte[] content)
    {
        var lines = content.Count(b => b == '\n') + 1;
        var all = new List<Listener>();
        ProcNetTcp.Parse(content, null, all);
        Assert.True(all.Count <= lines);
        AssertListeners(all);

        var some = new List<Listener>();
        ProcNetTcp.Parse(content, 8768, some);
        Assert.Equal(all.Where(l => l.EndPoint.Port == 8768), some);

        var (count, longest) = ProcNetTcp.FindTimeWait(content, 8768);
        Assert.InRange(count, 0, lines);
        Assert.True(longest >= 0);
    }

    internal static void SocketLink(byte[] content)
    {
        if (SocketScan.TryParse(content, out var inode))
        {
            Assert.True(inode >= 0, $"inode {inode}");
            Assert.EndsWith($"{inode}]", Encoding.UTF8.GetString(content), StringComparison.Ordinal);
        }
    }

    internal static void SocketDiagnosis(byte[] content)
    {
        // The least that one socket needs.
        const int smallest = 88;
        var sockets = new List<Listener>();
        var reply = SockDiagMessages.Parse(content, sockets);
        Assert.True(Enum.IsDefined(reply));
        Assert.True(sockets.Count <= content.Length / smallest);
        AssertListeners(sockets);
    }

    private static void AssertListeners(List<Listener> listeners) => Assert.All(listeners, l =>
    {
        Assert.InRange(l.EndPoint.Port, 0, 65535);
        Assert.True(l.Inode >= 0, $"inode {l.Inode}");
    });

    [GeneratedRegex(@"^(?<pid>[0-9]+) \((?<name>.*)\) (?<state>[A-Za-z])(?: (?<field>[^ \n)]+)){19}(?:[ \n][^)]*)?\z", RegexOptions.Singleline)]
    private static partial Regex StatLine();

    /// <summary>A directory like /proc with one process, in which one file has another content.</summary>
    private sealed class Recorded : IDisposable
    {
        private readonly string _path;
        private readonly byte[]? _before;

        internal Recorded(string file, byte[] content)
        {
            Default($"{Pid}/stat", $"{Pid} (cat) S 1 1 1 0 -1 4194304 102 0 0 0 0 0 0 0 20 0 1 0 189710 3133440 414 18446744073709551615\n");
            Default($"{Pid}/status", $"Name:\tcat\nTgid:\t{Pid}\nPid:\t{Pid}\nNSpid:\t{Pid}\n");
            Default($"{Pid}/environ", "PATH=/bin\0MONITOR_INSTANCE_ID=8768-x\0");
            Default("stat", "cpu  1 2 3\nbtime 1795465731\n");
            Default("sys/kernel/random/boot_id", "294ab875-d0a6-4dc1-b0ad-0ad4229d1d8a\n");
            _path = Root[file];
            _before = File.ReadAllBytes(_path);
            File.WriteAllBytes(_path, content);

            // A table keeps the boot id and the time of the boot.
            Table = file.StartsWith(Pid.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) ? ProcTargets.Table : new LinuxProcesses(new ProcFiles(Root.Path));
        }

        internal LinuxProcesses Table { get; }

        public void Dispose() => File.WriteAllBytes(_path, _before!);

        private static void Default(string file, string content)
        {
            if (!File.Exists(Root[file]))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Root[file])!);
                File.WriteAllText(Root[file], content);
            }
        }
    }
}
