using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>A lock that goes from one process to the next while it is looked for.</summary>
public sealed class ForkingHolderTests
{
    [Fact]
    public void LockHolders_HolderThatForksAndEndsAllTheTime_IsAlwaysFound()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows this in /proc.");
        using var directory = new TemporaryDirectory();
        using var first = PythonProcess.Start("""
            import fcntl, os, time
            fd = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if os.fork() == 0:
                end = time.monotonic() + 600
                while os.path.exists(os.environ["LOCK"]) and time.monotonic() < end:
                    time.sleep(0.002)
                    if os.fork():
                        os._exit(0)
                os._exit(0)
            os.close(fd)
            print("ready", flush=True)
            """, ("LOCK", directory["the.lock"]));

        for (var look = 0; look < 200; look++)
        {
            Assert.NotEmpty(ProcessTable.Current.LockHolders(directory["the.lock"]));
        }

        File.Delete(directory["the.lock"]);
    }
}
