using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>Where the group of an instance is made, and which groups are removed. A directory stands for the file system of the kernel.</summary>
public sealed class ControlGroupPlacesTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("36 25 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "0::/")]
    [InlineData("36 25 0:31 / MOUNT rw - cgroup2 cgroup2 rw", "4:memory:/x")]
    [InlineData("36 25 0:31 / MOUNT rw - cgroup2 cgroup2 rw", "0::/../outside")]
    [InlineData("36 25 0:31 /docker/a MOUNT rw - cgroup2 cgroup2 rw", "0::/docker/b")]
    public void TryCreate_NoGroupOfItsOwn_IsNullWithAReason(string mount, string own)
    {
        var groups = Groups(mount, own);

        Assert.Null(groups.TryCreate("8768-abc", out var whyNot));
        Assert.NotEmpty(whyNot!);
    }

    [Theory]
    [InlineData("/", "0::/user.slice/a", "user.slice/a", "/user.slice/a")]
    [InlineData("/", "0::/", "", "")]
    [InlineData("/docker/a", "0::/docker/a", "", "/docker/a")]
    [InlineData("/", "0::/b/monitor-daemon-8760-x/below", "b", "/b")]
    public void TryCreate_OwnGroup_IsMadeBelowItAndBesideOtherInstances(string root, string own, string directory, string group)
    {
        var parent = Directory.CreateDirectory(Path.Combine(_root["mount"], directory)).FullName;

        Assert.Equal($"{group}/monitor-daemon-8768-abc", Groups($"36 25 0:31 {root} MOUNT rw - cgroup2 cgroup2 rw", own).TryCreate("8768-abc", out _));

        Assert.True(Directory.Exists(Path.Combine(parent, "monitor-daemon-8768-abc")));
    }

    [Fact]
    public void RemoveAbandoned_OtherPorts_OnlyOldGroupsOfOurNameWithoutAProcessAreRemoved()
    {
        var (old, used, named) = (Make("monitor-daemon-9001-old"), Make("monitor-daemon-9002-used/of-the-daemon"), Make("monitor-daemon-x-old"));
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(used)!, "cgroup.events"), "populated 1\nfrozen 0\n");
        foreach (var directory in Directory.GetDirectories(_root["mount"]))
        {
            Directory.SetLastWriteTimeUtc(directory, DateTime.UtcNow.AddMinutes(-2));
        }

        // A start that is under way has made its group, and moves its process into it next.
        var young = Make("monitor-daemon-9003-young");
        Groups("36 25 0:31 / MOUNT rw - cgroup2 cgroup2 rw", "0::/").RemoveAbandoned();

        Assert.False(Directory.Exists(old));
        Assert.All([used, named, young], directory => Assert.True(Directory.Exists(directory)));
    }

    [Fact]
    public void TryCreate_NoMounts_SaysThatThereIsNoCgroup()
    {
        Assert.Null(new ControlGroup(_root["none"], _root["none"]).TryCreate("8768-abc", out var whyNot));
        Assert.Equal("there is no cgroup v2", whyNot);
    }

    [Fact]
    public void TryCreate_OwnGroupCannotBeRead_SaysWhy()
    {
        Groups(Mount, "0::/");

        Assert.Null(new ControlGroup(_root["mountinfo"], _root["none"]).TryCreate("8768-abc", out var whyNot));
        Assert.Contains(_root["none"], whyNot, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCreate_MountWithASpace_IsMadeThere()
    {
        Directory.CreateDirectory(_root["a mount"]);
        File.WriteAllText(_root["mountinfo"], $"22 28 0:20 / /sys rw - sysfs sysfs rw\n36 25 0:31 / {_root["a mount"].Replace(" ", @"\040", StringComparison.Ordinal)} rw - cgroup2 cgroup2 rw\n");
        File.WriteAllText(_root["cgroup"], "1:cpu:/x\n0::/\n");

        Assert.Equal("/monitor-daemon-8768-abc", new ControlGroup(_root["mountinfo"], _root["cgroup"]).TryCreate("8768-abc", out _));
        Assert.True(Directory.Exists(_root["a mount/monitor-daemon-8768-abc"]));
    }

    [Fact]
    public void RemoveAbandoned_NoCgroup_DoesNothing() => new ControlGroup(_root["none"], _root["none"]).RemoveAbandoned();

    [Fact]
    public async Task AddAsync_SeveralProcesses_AreMovedOneAfterTheOther()
    {
        var groups = Groups(Mount, "0::/");
        var group = groups.TryCreate("1-a", out _)!;
        var processes = _root["mount/monitor-daemon-1-a/cgroup.procs"];
        await File.WriteAllTextAsync(processes, "");

        foreach (var pid in (int[])[4711, 4712])
        {
            Assert.Null(await groups.AddAsync(group, "1-a", pid));
            Assert.Equal([pid], groups.MembersOf(group, "1-a"));
        }

        Assert.Equal([null, null, null], await Task.WhenAll(Enumerable.Range(1, 3).Select(pid => groups.AddAsync(group, "1-a", pid))));
    }

    [Fact]
    public async Task AddAsync_AfterTheThreadOfTheMovesHasEnded_MovesAllTheSame()
    {
        var group = Groups(Mount, "0::/").TryCreate("1-a", out _)!;
        await File.WriteAllTextAsync(_root["mount/monitor-daemon-1-a/cgroup.procs"], "");
        var groups = new ControlGroup(_root["mountinfo"], _root["cgroup"]) { Lingering = TimeSpan.Zero };

        for (var pid = 1; pid <= 100; pid++)
        {
            Assert.Null(await groups.AddAsync(group, "1-a", pid).WaitAsync(Wait.Generous, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task AddAsync_GroupDoesNotTakeIt_SaysWhyAndRemovesTheGroup()
    {
        var groups = Groups(Mount, "0::/");
        var group = groups.TryCreate("1-a", out _)!;

        Assert.Contains("cgroup.procs", await groups.AddAsync(group, "1-a", 4711), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_root["mount/monitor-daemon-1-a"]));
    }

    [Fact]
    public void Remove_GroupOfARecord_GoesWithTheGroupsBelowItUnlessItIsUsed()
    {
        var groups = Groups(Mount, "0::/");
        Make("monitor-daemon-1-a/below/it");
        var used = Make("monitor-daemon-2-b");
        File.WriteAllText(Path.Combine(used, "cgroup.procs"), "4711\n"); // a directory with a file cannot be removed, as a group with a process

        groups.Remove(new InstanceRecord { InstanceId = "1-a", ControlGroup = "/monitor-daemon-1-a" });
        groups.Remove(new InstanceRecord { InstanceId = "2-b", ControlGroup = "/monitor-daemon-2-b" });
        groups.Remove(new InstanceRecord { InstanceId = "2-b" });
        groups.Remove(null);

        Assert.Equal([used], Directory.GetDirectories(_root["mount"]));
    }

    private const string Mount = "36 25 0:31 / MOUNT rw - cgroup2 cgroup2 rw";

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(_root["mount"], name)).FullName;

    private ControlGroup Groups(string mount, string own)
    {
        Directory.CreateDirectory(_root["mount"]);
        File.WriteAllText(_root["mountinfo"], mount.Replace("MOUNT", _root["mount"], StringComparison.Ordinal) + "\n");
        File.WriteAllText(_root["cgroup"], own + "\n");
        return new ControlGroup(_root["mountinfo"], _root["cgroup"]);
    }
}
