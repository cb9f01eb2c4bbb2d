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
    public void Dispose_CopyOfTheDescriptorIsStillOpen_FreesTheLockAtOnce()
    {
        var held = InstanceLock.TryAcquire(Path)!;
        using var copy = CopyOf(held);

        held.Dispose();

        Assert.False(InstanceLock.IsHeld(Path));
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
