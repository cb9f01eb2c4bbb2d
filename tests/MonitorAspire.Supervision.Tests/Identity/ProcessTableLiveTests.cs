using System.Diagnostics;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>Against the kernel's own <c>/proc</c>.</summary>
public class ProcessTableLiveTests
{
    private static readonly ProcessTable Table = ProcessTable.Current;

    [Fact]
    public void Identify_OwnProcess_LivesAndWasStartedAboutWhenSystemDiagnosticsSays()
    {
        using var self = Process.GetCurrentProcess();
        var identity = Table.Identify(Environment.ProcessId)!.Value;

        Assert.True(Table.IsAlive(identity));
        Assert.False(Table.IsGone(identity));
        Assert.InRange((Table.StartTimeOf(identity) - self.StartTime).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Describe_OwnProcess_TellsExecutableAndArguments()
    {
        Linux();
        var info = Table.Describe(Environment.ProcessId)!;

        Assert.Equal(Environment.ProcessPath, info.Executable);
        Assert.Equal(File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0'), info.Arguments);
        Assert.Contains(Table.Snapshot(), process => process.Identity == info.Identity);
    }

    [Fact]
    public void Lookup_NameMeantToMislead_IsRead()
    {
        Linux();
        using var helper = Helper.Start("""
            open("/proc/self/comm", "wb").write(b"a) Z (b\n c")
            print("ready", flush=True)
            """);

        Assert.Equal(ProcessPresence.Alive, Table.Lookup(helper.Pid).Presence);
        Assert.Equal("a) Z (b\n c", Table.Describe(helper.Pid)!.Name);
    }

    [Fact]
    public void IsAlive_Killed_IsGone()
    {
        using var helper = Helper.Start("print('ready', flush=True)");
        var identity = Table.Identify(helper.Pid)!.Value;
        Assert.True(Table.IsAlive(identity));

        helper.Kill();

        Assert.False(Table.IsAlive(identity));
        Assert.True(Table.IsGone(identity));
        Assert.Null(Table.Identify(helper.Pid));
    }

    [Fact]
    public void Lookup_Zombie_IsDeadButDescribed()
    {
        Linux();
        using var helper = Helper.Start("""
            import os
            child = os.fork()
            if child == 0:
                os._exit(3)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
            print(child, flush=True)
            """);
        var zombie = Pid(helper.FirstLine);

        Assert.Equal(ProcessLookup.Dead, Table.Lookup(zombie));
        Assert.True(Table.Describe(zombie)!.IsZombie);
        Assert.Empty(Table.DescendantsOf(Table.Identify(helper.Pid)!.Value));
    }

    [Fact]
    public void Lookup_MainThreadLeft_LivesAndHoldsItsLock()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        using var helper = Helper.Start("""
            import ctypes, fcntl, os, sys, threading
            fd = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
            fcntl.flock(fd, fcntl.LOCK_EX)
            def rest():
                while open(f"/proc/{os.getpid()}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
                    pass
                print("ready", flush=True)
                sys.stdin.read()
            threading.Thread(target=rest).start()
            ctypes.CDLL(None).pthread_exit(None)
            """, ("LOCK", directory["the.lock"]));

        Assert.Equal('Z', Table.Describe(helper.Pid)!.State);
        Assert.Equal(ProcessPresence.Alive, Table.Lookup(helper.Pid).Presence);
        Assert.True(Table.HoldsLock(helper.Pid, directory["the.lock"]));
    }

    [Fact]
    public void Lookup_IdOfAThread_IsNoProcess()
    {
        Linux();
        using var helper = Helper.Start("""
            import sys, threading
            started = threading.Event()
            thread = threading.Thread(target=lambda: (started.set(), sys.stdin.read()))
            thread.start()
            started.wait()
            print(thread.native_id, flush=True)
            """);
        var thread = Pid(helper.FirstLine);

        Assert.NotEqual(helper.Pid, thread);
        Assert.True(File.Exists($"/proc/{thread}/stat"));
        Assert.Equal(ProcessLookup.Dead, Table.Lookup(thread));
    }

    [Fact]
    public void DescendantsAndSession_ForkedTwiceInANewSession_FoundThroughTheSession()
    {
        Linux();
        using var helper = Helper.Start("""
            import os, sys, time
            read, write = os.pipe()
            if os.fork() == 0:
                os.setsid()
                leader = os.getpid()
                child = os.fork()
                if child == 0:
                    grandchild = os.fork()
                    if grandchild == 0:
                        sys.stdin.read()
                        os._exit(0)
                    os.write(write, f"{leader} {os.getpid()} {grandchild}\n".encode())
                    sys.stdin.read()
                    os._exit(0)
                os.wait()
                os._exit(0)
            print(os.read(read, 100).decode(), end="", flush=True)
            """);
        var pids = helper.FirstLine.Split(' ').Select(Pid).ToArray();
        var leader = Table.Identify(pids[0])!.Value;

        Assert.Equal([pids[1], pids[2]], Table.DescendantsOf(leader).Select(process => process.Pid));
        Assert.Equal(pids, Table.DescendantsOf(Table.Identify(helper.Pid)!.Value).Select(process => process.Pid));
        using (var process = Process.GetProcessById(leader.Pid))
        {
            process.Kill();
        }

        Eventually(() => Table.IsGone(leader));

        Assert.Empty(Table.DescendantsOf(leader));
        Assert.Equal([pids[1], pids[2]], Table.SessionOf(leader).Select(process => process.Pid).Order());
    }

    [Fact]
    public void LockHolders_InheritedDescriptor_HoldsAndAMereReaderDoesNot()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        var file = directory["monitor-daemon-1.lock"];
        using var holder = Helper.Start("""
            import fcntl, os, sys
            fd = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
            fcntl.flock(fd, fcntl.LOCK_EX)
            child = os.fork()
            if child == 0:
                os.setsid()
                sys.stdin.read()
                os._exit(0)
            print(child, flush=True)
            """, ("LOCK", file));
        using var reader = Helper.Start("""
            import os
            file = open(os.environ["LOCK"])
            print("ready", flush=True)
            """, ("LOCK", file));
        using var sharer = Helper.Start("""
            import fcntl, os
            other = open(os.environ["LOCK"] + ".other", "w")
            fcntl.flock(other, fcntl.LOCK_EX)
            print("ready", flush=True)
            """, ("LOCK", file));
        var child = Pid(holder.FirstLine);

        Assert.Equal(new[] { holder.Pid, child }.Order(), Table.LockHolders(file).Order());
        Assert.True(Table.HoldsLock(child, file));
        Assert.False(Table.HoldsLock(reader.Pid, file));
        Assert.False(Table.HoldsLock(sharer.Pid, file));

        // The child keeps the lock when the process that took it is gone.
        holder.Kill();
        Assert.Equal([child], Table.LockHolders(file));
    }

    [Fact]
    public void LockHolders_ReachedThroughASymbolicLink_AreFound()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["real"]);
        Directory.CreateSymbolicLink(directory["link"], directory["real"]);
        using var holder = Locker(directory["real/the.lock"]);

        Assert.Equal([holder.Pid], Table.LockHolders(directory["link/the.lock"]));
    }

    [Fact]
    public void LockHolders_FileDeletedAndMadeAnew_StillNamesTheHolderOfTheOldOne()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        var file = directory["the.lock"];
        using var holder = Locker(file);
        File.Delete(file);
        Assert.Equal([holder.Pid], Table.LockHolders(file));

        File.WriteAllText(file, "");
        Assert.Equal([holder.Pid], Table.LockHolders(file));
    }

    [Fact]
    public void LockHolders_OwnFileStreamThatExcludesAll_IsThisProcess()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        using var stream = new FileStream(directory["the.lock"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        // A child that a test beside this one is starting has all our descriptors until it executes its program.
        Eventually(() => Table.LockHolders(directory["the.lock"]).SequenceEqual([Environment.ProcessId]));
    }

    [Fact]
    public void HasEnvironment_GivenAtExecution_IsSeen()
    {
        Linux();
        using var helper = Helper.Start("print('ready', flush=True)", ("MONITOR_TEST_ID", "é=1"));

        Assert.True(Table.HasEnvironment(helper.Pid, "MONITOR_TEST_ID", "é=1"));
        Assert.False(Table.HasEnvironment(helper.Pid, "MONITOR_TEST_ID", "é"));
        Assert.False(Table.HasEnvironment(helper.Pid, "MONITOR_TEST", "ID=é=1"));
    }

    internal static void Eventually(Func<bool> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), "It did not come about within 30 s.");
            Thread.Sleep(5);
        }
    }

    private static Helper Locker(string file) => Helper.Start("""
        import fcntl, os
        fd = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        print("ready", flush=True)
        """, ("LOCK", file));

    private static int Pid(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static void Linux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows this in /proc.");
}
