using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Files;

public sealed class InstanceLockTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory["monitor-daemon-8768.lock"];

    public void Dispose() => _directory.Dispose();

    /// <summary>A second descriptor of the same open file, like the one of a child between fork and exec.</summary>
    private static SafeFileHandle CopyOf(InstanceLock held)
    {
        const int DuplicateCloseOnExec = 1030;
        return new SafeFileHandle(LibC.fcntl((int)held.Handle.DangerousGetHandle(), DuplicateCloseOnExec, 0), ownsHandle: true);
    }

    [Fact]
    public void TryAcquire_Held_ReturnsNull()
    {
        using var held = InstanceLock.TryAcquire(Path);

        Assert.NotNull(held);
        Assert.True(InstanceLock.IsHeld(Path));
        Assert.Null(InstanceLock.TryAcquire(Path));
    }

    [Fact]
    public void TryAcquire_APipeIsThere_IsRefusedAndThePipeStays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere the kind of an open file is not known");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [Path]))
        {
            make.WaitForExit();
        }

        Assert.Contains($"{Path}: it is no regular file", Assert.Throws<NoFollowException>(() => InstanceLock.TryAcquire(Path)).Message);
        Assert.False(InstanceLock.IsHeld(Path));
        Assert.True(System.IO.Path.Exists(Path));
    }

    [Fact]
    public void Dispose_CopyOfTheDescriptorIsStillOpen_FreesTheLockAtOnce()
    {
        var held = InstanceLock.TryAcquire(Path)!;
        using var copy = CopyOf(held);

        held.Dispose();

        Assert.False(InstanceLock.IsHeld(Path));
    }

    [Fact]
    public void DisposeAndDelete_ManyTakeTheLockMeanwhile_NeverTwoHoldIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows deletes no file that is open");
        var inside = 0;
        var together = 0;
        var taken = 0;

        Parallel.For(0, 4, _ =>
        {
            while (Volatile.Read(ref taken) < 2000)
            {
                if (InstanceLock.TryAcquire(Path) is not { } held)
                {
                    continue;
                }

                if (Interlocked.Increment(ref inside) > 1)
                {
                    Interlocked.Increment(ref together);
                }

                Interlocked.Increment(ref taken);
                Interlocked.Decrement(ref inside);
                held.DisposeAndDelete(Path);
            }
        });

        Assert.Equal(0, together);
        Assert.False(File.Exists(Path));
    }

    [Fact]
    public void Descriptors_OfALock_AreClosedWithIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the descriptors.");
        var held = InstanceLock.TryAcquire(Path)!;
        Assert.Null(InstanceLock.TryAcquire(Path));
        Assert.True(InstanceLock.IsHeld(Path));
        Assert.Equal(1, Open());
        held.Dispose();
        held.Dispose();
        Assert.Equal(0, Open());

        InstanceLock.TryAcquire(Path)!.DisposeAndDelete(Path);
        Assert.Equal(0, Open());

        // One that is only looked at stays open.
        var looked = InstanceLock.TryAcquire(Path)!;
        Assert.True(InstanceLock.IsLocked((int)looked.Handle.DangerousGetHandle()));
        Assert.Equal(1, Open());
        looked.HandOver();
        Assert.Equal(0, Open());

        int Open() => Directory.GetFileSystemEntries("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith(Path, StringComparison.Ordinal) == true);
    }

    [Fact]
    public void HandOver_CopyOfTheDescriptorIsStillOpen_KeepsTheLockHeld()
    {
        var held = InstanceLock.TryAcquire(Path)!;
        using (CopyOf(held))
        {
            held.HandOver();

            Assert.True(InstanceLock.IsHeld(Path));
        }

        Assert.False(InstanceLock.IsHeld(Path));
    }

    [Fact]
    public void IsHeld_NoLock_IsFalseAndMakesNone()
    {
        Assert.False(InstanceLock.IsHeld(Path));
        Assert.False(File.Exists(Path));
        Assert.False(InstanceLock.IsHeld(_directory.Path));
        Assert.False(InstanceLock.IsHeld(Path + "/below"));

        File.WriteAllText(Path, "");
        Assert.False(InstanceLock.IsHeld(Path));
        Assert.False(InstanceLock.IsHeld(Path + "/below"));
        File.CreateSymbolicLink(_directory["link"], Path);
        Assert.False(InstanceLock.IsHeld(_directory["link"]));
    }

    [Fact]
    public void MarkRoot_Lock_ShowsThePidToTheKernelOnly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the position.");
        using var held = InstanceLock.TryAcquire(Path)!;

        held.MarkRoot(4711);

        Assert.StartsWith("pos:\t4711\n", File.ReadAllText($"/proc/self/fdinfo/{held.Handle.DangerousGetHandle()}"), StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(Path).Length);
    }

    [Fact]
    public void Inherited_DescriptorOfALauncher_IsTheLockAndNotInheritedAgain()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the flags.");
        using var launcher = InstanceLock.TryAcquire(Path)!;
        var descriptor = LibC.fcntl((int)launcher.Handle.DangerousGetHandle(), 0, 0); // F_DUPFD: without close-on-exec
        Assert.Equal((true, false), (InstanceLock.IsLocked(descriptor), IsCloseOnExec()));

        using var inherited = InstanceLock.Inherited(descriptor);

        Assert.True(IsCloseOnExec());
        launcher.HandOver();
        Assert.True(InstanceLock.IsHeld(Path));
        inherited.HandOver();
        Assert.False(InstanceLock.IsHeld(Path));

        bool IsCloseOnExec() => File.ReadLines($"/proc/self/fdinfo/{descriptor}").First(l => l.StartsWith("flags:", StringComparison.Ordinal)).TrimEnd()[^7] is '2' or '3' or '6' or '7'; // O_CLOEXEC is 02000000
    }

    [Fact]
    public void IsLocked_DescriptorOfAnotherOrNone_IsFalse()
    {
        using var held = InstanceLock.TryAcquire(Path)!;
        using var other = NoFollowFile.OpenRead(Path);

        Assert.False(InstanceLock.IsLocked((int)other.DangerousGetHandle()));
        Assert.False(InstanceLock.IsLocked(1_000_000));
    }

    [Fact]
    public void DisposeAndDelete_FileOfAnother_Stays()
    {
        var held = InstanceLock.TryAcquire(Path)!;
        File.Delete(Path);
        File.WriteAllText(Path, "");

        held.DisposeAndDelete(Path);

        Assert.True(File.Exists(Path));
    }
}
