using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Tests.Identity.Linux;

/// <summary>A group of the kernel, where this user may make one. In a container without privileges the tests are skipped.</summary>
public sealed class ControlGroupLiveTests : IDisposable
{
    private readonly string _id = InstanceRecord.NewInstanceId(port: 1);
    private readonly string? _group;

    public ControlGroupLiveTests()
    {
        _group = ControlGroup.Current.TryCreate(_id, out var whyNot);
        Assert.SkipWhen(_group is null, $"No control group can be made here: {whyNot}");
    }

    public void Dispose() => ControlGroup.Current.Remove(new InstanceRecord { InstanceId = _id, ControlGroup = _group });

    [Fact]
    public async Task AddAsync_ProcessThatRuns_IsAMemberAndNamesItsInstance()
    {
        using var helper = PythonProcess.Start("print('ready', flush=True)");

        Assert.Null(await ControlGroup.Current.AddAsync(_group!, _id, helper.Pid));

        Assert.Equal([helper.Pid], ControlGroup.Current.MembersOf(_group, _id));
        Assert.Equal((_group!, _id), ControlGroup.Of(helper.Pid, port: 1));
        Assert.Null(ControlGroup.Of(helper.Pid, port: 2)); // the group of another daemon, inherited
    }

    [Fact]
    public void Of_ProcessWithoutAGroupOrNone_IsNone()
    {
        using var helper = PythonProcess.Start("print('ready', flush=True)");
        Assert.Null(ControlGroup.Of(helper.Pid, port: 1));

        helper.Kill();

        Assert.Null(ControlGroup.Of(helper.Pid, port: 1));
    }

    [Fact]
    public async Task AddAsync_ProcessThatHasEnded_SaysSoAndTheGroupIsGone()
    {
        using var helper = PythonProcess.Start("print('ready', flush=True)");
        helper.Kill();

        Assert.NotNull(await ControlGroup.Current.AddAsync(_group!, _id, helper.Pid));
        Assert.NotNull(await ControlGroup.Current.AddAsync(_group!, _id, helper.Pid)); // there is no group any more
    }

    [Fact]
    public async Task Remove_GroupWithAProcess_StaysUntilItHasEnded()
    {
        var record = new InstanceRecord { InstanceId = _id, ControlGroup = _group };
        using var helper = PythonProcess.Start("print('ready', flush=True)");
        Assert.Null(await ControlGroup.Current.AddAsync(_group!, _id, helper.Pid));

        ControlGroup.Current.Remove(record);
        Assert.Equal([helper.Pid], ControlGroup.Current.MembersOf(_group, _id));
        helper.Kill();
        ControlGroup.Current.Remove(record);

        var mount = File.ReadLines("/proc/self/mountinfo").First(l => l.Contains(" - cgroup2 ", StringComparison.Ordinal)).Split(' ');
        Assert.False(Directory.Exists(mount[4] + (mount[3] == "/" ? _group : _group![mount[3].Length..])));
    }
}
