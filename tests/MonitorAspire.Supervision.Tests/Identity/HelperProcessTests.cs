using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>The process table and processes that the test starts, in every state.</summary>
public class HelperProcessTests
{
    private static readonly ProcessTable Table = ProcessTable.Current;

    [Fact]
    public void Lookup_NameWithParenthesesAndLineFeed_IsRead()
    {
        Linux();
        using var helper = PythonProcess.Start("""
            open("/proc/self/comm", "wb").write(b"a) Z (b\n c")
            print("ready", flush=True)
            """);

        Assert.Equal(ProcessPresence.Alive, Table.Lookup(helper.Pid).Presence);
        Assert.Equal("a) Z (b\n c", Table.Describe(helper.Pid)!.Name);
    }

    [Fact]
    public void IsAlive_Killed_IsGone()
    {
        using var helper = PythonProcess.Start("print('ready', flush=True)");
        var identity = Table.Identify(helper.Pid)!.Value;
        Assert.True(Table.IsAlive(identity));

        helper.Kill();

        Assert.False(Table.IsAlive(identity));
        Assert.True(Table.IsGone(identity));
        Assert.Null(Table.Identify(helper.Pid));
    }

    [Fact]
    public void Lookup_Zombie_IsDeadAndDescribed()
    {
        Linux();
        using var helper = PythonProcess.Start("""
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
    }

    [Fact]
    public void Lookup_MainThreadEnded_IsAliveAndHoldsItsLock()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        using var helper = PythonProcess.Start("""
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
    public void Lookup_IdOfAThread_IsDead()
    {
        Linux();
        using var helper = PythonProcess.Start("""
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
    public void LockHolders_InheritedDescriptor_HoldsAndAReaderDoesNot()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        var file = directory["monitor-daemon-1.lock"];
        using var holder = PythonProcess.Start("""
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
        using var reader = PythonProcess.Start("""
            import os
            file = open(os.environ["LOCK"])
            print("ready", flush=True)
            """, ("LOCK", file));
        using var sharer = PythonProcess.Start("""
            import fcntl, os
            other = open(os.environ["LOCK"] + ".other", "w")
            fcntl.flock(other, fcntl.LOCK_EX)
            print("ready", flush=True)
            """, ("LOCK", file));
        var child = Pid(holder.FirstLine);

        Assert.Equal(new[] { holder.Pid, child }.Order(), Table.LockHolders(file).Order());
        Assert.Equal(holder.Pid, Table.FindLockHolder(file));
        Assert.True(Table.HoldsLock(child, file));
        Assert.False(Table.HoldsLock(reader.Pid, file));
        Assert.False(Table.HoldsLock(sharer.Pid, file));

        // The child still holds the lock after the process that took it has ended.
        holder.Kill();
        Assert.Equal([child], Table.LockHolders(file));
        Assert.Equal(child, Table.FindLockHolder(file));
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
    public void LockHolders_FileDeletedAndCreatedAgain_StillNamesTheHolder()
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
    public void Environment_VariableOfAnotherProcess_IsReadExactly()
    {
        Linux();
        using var helper = PythonProcess.Start("print('ready', flush=True)", ("MONITOR_TEST_ID", "é=1"));

        Assert.Equal("é=1", ProcessEnvironment.Get(Table, helper.Pid, "MONITOR_TEST_ID"));
        Assert.Null(ProcessEnvironment.Get(Table, helper.Pid, "MONITOR_TEST"));
    }

    private static PythonProcess Locker(string file) => PythonProcess.Start("""
        import fcntl, os
        fd = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        print("ready", flush=True)
        """, ("LOCK", file));

    private static int Pid(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static void Linux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows this in /proc.");
}
