using System.Diagnostics;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>What .NET tells of processes on every platform, on the platform of the test.</summary>
public sealed class PortableProcessesTests
{
    private readonly PortableProcesses _table = new();

    [Fact]
    public void Lookup_OwnProcess_IsAliveWithItsStartTime()
    {
        using var self = Process.GetCurrentProcess();
        var identity = _table.Identify(Environment.ProcessId)!.Value;

        Assert.Equal((Environment.ProcessId, ""), (identity.Pid, identity.BootId));
        Assert.InRange((_table.StartTimeOf(identity) - self.StartTime).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, _table.StartTimeOf(identity).Offset);
    }

    [Fact]
    public void Lookup_EndedProcess_IsDead()
    {
        using var helper = PythonProcess.Start("print('ready', flush=True)");
        Assert.Equal(ProcessPresence.Alive, _table.Lookup(helper.Pid).Presence);

        helper.Kill();

        Assert.Equal(ProcessLookup.Dead, _table.Lookup(helper.Pid));
        Assert.Null(_table.Describe(helper.Pid));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Lookup_NoPid_IsDead(int pid) => Assert.Equal(ProcessLookup.Dead, _table.Lookup(pid));

    [Fact]
    public void Describe_OwnProcess_GivesNameAndExecutable()
    {
        using var self = Process.GetCurrentProcess();
        var info = _table.Describe(Environment.ProcessId)!;

        Assert.Equal((_table.Identify(Environment.ProcessId), self.ProcessName, Environment.ProcessPath), (info.Identity, info.Name, info.Executable));
        Assert.Equal((0, 0, '?', 0), (info.ParentPid, info.Session, info.State, info.ThreadCount));
        Assert.Contains(info, _table.Snapshot());
        Assert.Equal(Environment.ProcessPath, _table.ExecutableOf(Environment.ProcessId));
    }

    [Fact]
    public void Locks_AreNotTold()
    {
        Assert.Empty(_table.HoldersOf("/a.lock"));
        Assert.Null(_table.HolderOf(Environment.ProcessId, "/a.lock"));
        Assert.False(_table.HoldsAnotherLock(Environment.ProcessId, "/a.lock"));
        Assert.Equal(4711, _table.InnermostPid(4711));
    }
}
