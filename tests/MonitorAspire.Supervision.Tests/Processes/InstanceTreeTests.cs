using System.Diagnostics;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Tests.Processes;

/// <summary>Which processes belong to an instance.</summary>
public sealed class InstanceTreeTests
{
    private const string NoLock = "/nonexistent/monitor-daemon-1.lock";

    private readonly InstanceTree _tree = new(ProcessTable.Current);

    [Fact]
    public void Members_ChildThatIsAnotherInstance_IsNoMember()
    {
        // Like a supervisor that is an instance itself: it has one child, and one daemon that it launched.
        using var root = Shell("sleep 601 & MONITOR_INSTANCE_ID=2-daemon sleep 602 & wait", ("MONITOR_INSTANCE_ID", "1-supervisor"));
        var members = WaitForSleep(root, "1-supervisor", 1);
        Assert.Contains(members, m => m.Pid == root.Id);
        Assert.DoesNotContain(members, m => ProcessEnvironment.Get(ProcessTable.Current, m.Pid, InstanceRecord.EnvironmentVariable) == "2-daemon");
        End(root);
    }

    [Fact]
    public void Members_RootWithoutId_DoNotIncludeOtherInstances()
    {
        using var root = Shell("sleep 601 & MONITOR_INSTANCE_ID=2-daemon sleep 602 & wait");
        var members = WaitForSleep(root, null, 1);
        Assert.Equal(2, members.Count);
        End(root);
    }

    [Fact]
    public async Task Members_OrphanInAnotherSession_IsFoundByItsId()
    {
        var id = $"3-{Guid.NewGuid():N}";
        using var root = Shell("(setsid sleep 603 >/dev/null 2>&1 &)", ("MONITOR_INSTANCE_ID", id));
        await root.WaitForExitAsync();

        // Before exec it is still the shell or setsid.
        await MonitorAspire.Testing.Wait.UntilAsync(() => _tree.Members(new InstanceSigns(null, id, NoLock)) is [{ Name: "sleep" }], "the orphan");
        var orphan = Assert.Single(_tree.Members(new InstanceSigns(null, id, NoLock)));

        // Older than the launcher, it has inherited nothing from it.
        var launcher = new ProcessIdentity(int.MaxValue, orphan.StartTicks, orphan.Identity.BootId);
        Assert.Single(_tree.Members(new InstanceSigns(null, id, NoLock, launcher)));
        Assert.Empty(_tree.Members(new InstanceSigns(null, id, NoLock, launcher with { StartTicks = orphan.StartTicks + 1 })));
        using var process = Process.GetProcessById(orphan.Pid);
        process.Kill();
    }

    [Fact]
    public void Members_ChildWithTheLockOfAnotherInstanceAndNoId_IsNoMember()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows locks.");
        using var directory = new MonitorAspire.Testing.TemporaryDirectory();
        using var root = Identity.PythonProcess.Start("""
            import fcntl, os, sys
            pids = []
            for name in ("monitor-daemon-2.lock", "other.lock"):
                read, write = os.pipe()
                child = os.fork()
                if child == 0:
                    lock = os.open(os.environ["DIRECTORY"] + "/" + name, os.O_RDWR | os.O_CREAT)
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    os.lseek(lock, os.getpid(), 0)
                    os.write(write, b"x")
                    sys.stdin.read()
                    os._exit(0)
                os.read(read, 1)
                pids.append(child)
            print(*pids, flush=True)
            """, ("DIRECTORY", directory[""]), (InstanceRecord.EnvironmentVariable, ""));
        var children = root.FirstLine.Split(' ').Select(int.Parse).ToList();

        var members = _tree.Members(new InstanceSigns(ProcessTable.Current.Identify(root.Pid), null, NoLock)).Select(m => m.Pid);

        Assert.Equal(new[] { root.Pid, children[1] }.Order(), members.Order());
    }

    private IReadOnlyList<ProcessInfo> WaitForSleep(Process root, string? id, int sleeps)
    {
        var identity = ProcessTable.Current.Identify(root.Id)!.Value;
        var until = Stopwatch.StartNew();
        while (true)
        {
            // Both children must have executed sleep. Otherwise a missing member proves nothing.
            var all = ProcessTable.Current.Snapshot().Count(p => p.ParentPid == root.Id && p.Name == "sleep");
            var members = _tree.Members(new InstanceSigns(identity, id, NoLock));
            if ((all == 2 && members.Count(m => m.Name == "sleep") == sleeps) || until.Elapsed > MonitorAspire.Testing.Wait.Generous)
            {
                return members;
            }

            Thread.Sleep(10);
        }
    }

    private static Process Shell(string script, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]);
        start.Environment.Remove(InstanceRecord.EnvironmentVariable);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static void End(Process root) => root.Kill(entireProcessTree: true);
}
