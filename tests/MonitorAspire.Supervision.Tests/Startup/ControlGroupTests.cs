using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>
/// A child that left session, lock, environment and parent: only the control group still shows it. The tests need a cgroup v2 hierarchy in which
/// this user may make a group, as root has it on most machines. In a container without privileges it is read-only, and they are skipped.
/// </summary>
public sealed class ControlGroupTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ControlGroupTests()
    {
        var id = InstanceRecord.NewInstanceId(port: 1);
        var group = ControlGroup.Current.TryCreate(id, out var whyNot);
        Assert.SkipWhen(group is null, $"No control group can be made here: {whyNot}");
        ControlGroup.Current.Remove(new InstanceRecord { InstanceId = id, ControlGroup = group });
    }

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Stop_ChildThatLeftEverythingButTheGroup_IsEndedAndTheGroupIsRemoved()
    {
        var (spec, root, escaped, group) = await StartAsync();
        Assert.Null(ProcessTable.Current.HolderOf(escaped, _fixture.Files(spec.Port).LockFile));
        Assert.NotEqual(root, ProcessTable.Current.Describe(escaped)!.Session);

        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);

        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(escaped).Presence);
        Assert.False(Directory.Exists(group));
        _fixture.AssertNothingLeft(spec, root);
    }

    [Fact]
    public async Task Stop_MainProcessWasKilled_EndsTheEscapedChild()
    {
        var (spec, root, escaped, group) = await StartAsync();
        await KillAsync(root);

        var stopped = await _fixture.NewEngine().StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.Zero }, CancellationToken.None);

        Assert.Equal(StopVerdict.Stopped, stopped.Verdict);
        Assert.Contains($"PID {escaped} (", stopped.Detail, StringComparison.Ordinal);
        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(escaped).Presence);
        Assert.False(Directory.Exists(group));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_EscapedChildOfADeadInstance_IsNamedOrStoppedFirst(bool stopOrphans)
    {
        var (spec, root, escaped, group) = await StartAsync();
        var holders = ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile);
        await KillAsync(root);
        await Task.WhenAll(holders.Select(KillAsync));

        var outcome = await _fixture.Engine.StartAsync(spec, new StartOptions { StopOrphans = stopOrphans }, CancellationToken.None);

        Assert.True(outcome.Report.Verdict == StartupVerdict.Verified, outcome.Report.Detail);
        Assert.Contains(outcome.Report.Notes, n => n.Contains($"PID {escaped} (", StringComparison.Ordinal));
        Assert.Equal(stopOrphans, ProcessTable.Current.Lookup(escaped).Presence == ProcessPresence.Dead);
        Assert.Equal(stopOrphans, !Directory.Exists(group));
        await KillAsync(escaped);
    }

    [Fact]
    public async Task Start_AfterACrash_RemovesTheGroupOfTheDeadInstance()
    {
        var (spec, root, escaped, group) = await StartAsync();
        var holders = ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile);
        foreach (var pid in (int[])[root, escaped, .. holders])
        {
            await KillAsync(pid);
        }

        var report = await _fixture.StartAsync(spec);

        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        Assert.False(Directory.Exists(group));
        await Wait.UntilAsync(() => File.Exists(_fixture["escaped"]), "the next child has escaped");
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
    }

    [Fact]
    public async Task RepairFiles_RecordLost_FindsIdAndGroupAgain()
    {
        var (spec, root, escaped, _) = await StartAsync();
        var file = _fixture.Files(spec.Port).InstanceFile;
        var before = InstanceRecord.Read(file)!;
        File.Delete(file);

        Assert.NotNull(_fixture.Engine.RepairFiles(spec, _fixture.Engine.Attach(spec)!));

        var after = InstanceRecord.Read(file)!;
        Assert.Equal((before.Identity, before.InstanceId, before.ControlGroup), (after.Identity, after.InstanceId, after.ControlGroup));
        Assert.Equal(StopVerdict.Stopped, (await _fixture.StopAsync(spec)).Verdict);
        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(escaped).Presence);
        _fixture.AssertNothingLeft(spec, root);
    }

    [Fact]
    public async Task MembersOf_GroupThatIsNotTheInstances_IsNotBelieved()
    {
        var (spec, _, escaped, group) = await StartAsync();
        var record = InstanceRecord.Read(_fixture.Files(spec.Port).InstanceFile)!;
        var other = InstanceRecord.NewInstanceId(spec.Port);

        Assert.Contains(escaped, ControlGroup.Current.MembersOf(record.ControlGroup, record.InstanceId));
        Assert.Empty(ControlGroup.Current.MembersOf(record.ControlGroup, other));
        Assert.Empty(ControlGroup.Current.MembersOf("/", record.InstanceId));
        Assert.Empty(ControlGroup.Current.MembersOf($"/x/..{record.ControlGroup}", record.InstanceId));
        Assert.Empty(ControlGroup.Current.MembersOf(group, record.InstanceId));
        Assert.Empty(ControlGroup.Current.MembersOf(null, null));
    }

    [Fact]
    public async Task Forget_DeadInstance_RemovesItsGroup()
    {
        var (spec, root, escaped, group) = await StartAsync();
        var instance = _fixture.Engine.Attach(spec)!;
        var holders = ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile);
        foreach (var pid in (int[])[root, escaped, .. holders])
        {
            await KillAsync(pid);
        }

        _fixture.Engine.Forget(instance);

        Assert.False(Directory.Exists(group));
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("stop")]
    public async Task DoctorAndStop_EverythingWasKilled_RemoveTheGroupOfTheRecord(string command)
    {
        var (spec, root, escaped, group) = await StartAsync();
        var holders = ProcessTable.Current.LockHolders(_fixture.Files(spec.Port).LockFile);
        foreach (var pid in (int[])[root, escaped, .. holders])
        {
            await KillAsync(pid);
        }

        if (command == "doctor")
        {
            Assert.True((await new Doctor(new EngineOptions { StateDirectory = _fixture.StateDirectory }).ExamineAsync(fix: true, CancellationToken.None)).IsHealthy);
        }
        else
        {
            Assert.Equal(StopVerdict.NotRunning, (await _fixture.StopAsync(spec)).Verdict);
        }

        Assert.False(Directory.Exists(group));
        Assert.False(File.Exists(_fixture.Files(spec.Port).InstanceFile));
    }

    private async Task<(DaemonSpec Spec, int Root, int Escaped, string Group)> StartAsync()
    {
        var spec = _fixture.Spec("python3", Path.Combine(AppContext.BaseDirectory, "prefork.py"), "--port", "{port}", "--escape", _fixture["escaped"]);
        var report = await _fixture.StartAsync(spec);
        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
        await Wait.UntilAsync(() => File.Exists(_fixture["escaped"]), "the child has escaped");
        var escaped = int.Parse(await File.ReadAllTextAsync(_fixture["escaped"]), CultureInfo.InvariantCulture);
        File.Delete(_fixture["escaped"]);
        var record = InstanceRecord.Read(_fixture.Files(spec.Port).InstanceFile)!;
        var mount = File.ReadLines("/proc/self/mountinfo").First(l => l.Contains(" - cgroup2 ", StringComparison.Ordinal)).Split(' ');
        var group = mount[4] + (mount[3] == "/" ? record.ControlGroup : record.ControlGroup![mount[3].Length..]);
        Assert.True(Directory.Exists(group));
        return (spec, report.Pid!.Value, escaped, group);
    }

    private static async Task KillAsync(int pid)
    {
        using (var kill = System.Diagnostics.Process.Start("kill", ["-KILL", $"{pid}"]))
        {
            await kill.WaitForExitAsync();
        }

        await Wait.UntilAsync(() => ProcessTable.Current.Lookup(pid).Presence == ProcessPresence.Dead, "its end");
    }
}
