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
}
