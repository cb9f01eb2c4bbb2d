using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>The files that describe control groups, recorded. The kernel writes them; the path of a group comes from a record.</summary>
public sealed class ControlGroupFilesTests : IDisposable
{
    private const string Id = "8768-x";
    private const string Group = $"/a.slice/monitor-daemon-{Id}";

    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void MembersOf_Group_AreItsProcessesAndThoseBelowIt() => Assert.Equal([4711, 4712], Groups("0\n4711\n", "4712\n").MembersOf(Group, Id));

    [Fact]
    public void MembersOf_LineThatIsNoNumber_IsLeftOut() => Assert.Equal([4711], Groups("-1\n\nx\n99999999999\n4711\n").MembersOf(Group, Id));

    [Fact]
    public void MembersOf_MountThatIsCutOff_HasNone()
    {
        File.WriteAllText(_root["mountinfo"], "42 - cgroup2 cgroup2\n");
        Assert.Empty(new ControlGroup(_root["mountinfo"]).MembersOf(Group, Id));
    }

    [Theory]
    [InlineData("/a\0.slice/monitor-daemon-8768-x")]
    [InlineData("a.slice/monitor-daemon-8768-x")]
    [InlineData("/a.slice/../a.slice/monitor-daemon-8768-x")]
    [InlineData("/a.slice/monitor-daemon-8768-y")]
    [InlineData("")]
    [InlineData(null)]
    public void MembersOf_PathThatIsNotOfThisInstance_HasNone(string? group) => Assert.Empty(Groups("4711\n").MembersOf(group, Id));

    private ControlGroup Groups(string processes, string? below = null)
    {
        var directory = _root["cgroup"] + Group;
        Directory.CreateDirectory(directory);
        File.WriteAllText($"{directory}/cgroup.procs", processes);
        if (below is not null)
        {
            Directory.CreateDirectory($"{directory}/below");
            File.WriteAllText($"{directory}/below/cgroup.procs", below);
        }

        File.WriteAllText(_root["mountinfo"], $"22 28 0:20 / /sys rw - sysfs sysfs rw\n42 34 0:30 / {_root["cgroup"]} rw,nosuid - cgroup2 cgroup2 rw\n");
        return new ControlGroup(_root["mountinfo"]);
    }
}
