using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>Memory and processor time of real processes. Each Python process that has the block needs 64 MiB more than one without it.</summary>
public sealed class TreeMemoryLiveTests
{
    private const long Block = 64 << 20;

    public TreeMemoryLiveTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows this in /proc.");

    [Fact]
    public void Of_MainProcessChildAndSession_IsTheirSum()
    {
        using var single = PythonProcess.Start("block = bytearray(64 << 20)\nprint('ready', flush=True)");
        using var tree = PythonProcess.Start("""
            import os, sys
            os.setsid()
            block = bytearray(64 << 20)
            def own(detached):
                read, write = os.pipe()
                child = os.fork()
                if child == 0:
                    if detached and os.fork():
                        os._exit(0)
                    mine = bytearray(64 << 20)
                    os.write(write, b"x")
                    sys.stdin.read()
                    os._exit(0)
                os.read(read, 1)
                return child
            own(False)
            os.waitpid(own(True), 0)
            print("ready", flush=True)
            """);
        var memory = new TreeMemory(ProcessTable.Current, TimeProvider.System);

        Assert.InRange(memory.Of(Identity(single), long.MaxValue)!.Value, Block, 2 * Block);

        // The children share the block of their parent, and it is counted for each of them.
        var counted = memory.Of(Identity(tree), long.MaxValue)!.Value;
        Assert.InRange(counted, 5 * Block, 7 * Block);

        // Above the limit, pages that are shared are counted once.
        Assert.InRange(memory.Of(Identity(tree), counted / 2)!.Value, 3 * Block, 4 * Block);
    }

    [Fact]
    public void Of_ProcessThatHasEnded_IsNotKnown()
    {
        using var helper = PythonProcess.Start("print('ready', flush=True)");
        var identity = Identity(helper);
        helper.Kill();

        Assert.Null(new TreeMemory(ProcessTable.Current, TimeProvider.System).Of(identity, long.MaxValue));
        Assert.Null(new TreeMemory(ProcessTable.Current, TimeProvider.System).CpuOf(identity));
    }

    [Fact]
    public void CpuOf_ProcessAndChildThatHasEnded_IsTheirTime()
    {
        using var helper = PythonProcess.Start("""
            import os, time
            def work():
                while time.process_time() < 0.2:
                    pass
            child = os.fork()
            if child == 0:
                work()
                os._exit(0)
            os.waitpid(child, 0)
            work()
            print("ready", flush=True)
            """);

        Assert.InRange(new TreeMemory(ProcessTable.Current, TimeProvider.System).CpuOf(Identity(helper))!.Value, TimeSpan.FromSeconds(0.35), TimeSpan.FromSeconds(3));
    }

    private static ProcessIdentity Identity(PythonProcess process) => ProcessTable.Current.Identify(process.Pid)!.Value;
}
