using System.Diagnostics;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Identity;

/// <summary>The process table on the real <c>/proc</c>, and this process in it.</summary>
public class ProcessTableLiveTests
{
    private static readonly ProcessTable Table = ProcessTable.Current;

    [Fact]
    public void Identify_OwnProcess_IsAliveAndHasTheStartTimeOfSystemDiagnostics()
    {
        using var self = Process.GetCurrentProcess();
        var identity = Table.Identify(Environment.ProcessId)!.Value;

        Assert.True(Table.IsAlive(identity));
        Assert.False(Table.IsGone(identity));
        Assert.InRange((Table.StartTimeOf(identity) - self.StartTime).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Describe_OwnProcess_GivesTheExecutable()
    {
        Linux();
        var info = Table.Describe(Environment.ProcessId)!;

        Assert.Equal(Environment.ProcessPath, info.Executable);
        Assert.Contains(Table.Snapshot(), process => process.Identity == info.Identity);
    }

    [Fact]
    public async Task LockHolders_OwnExclusiveFileStream_IsThisProcess()
    {
        Linux();
        using var directory = new TemporaryDirectory();
        using var stream = new FileStream(directory["the.lock"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

        // Another test may be starting a child. Until exec the child has all our descriptors.
        await Wait.UntilAsync(() => Table.LockHolders(directory["the.lock"]).SequenceEqual([Environment.ProcessId]), "no child has the lock");
    }

    [Fact]
    public void Lookup_PidThatTheKernelNeverGives_IsDead()
    {
        Linux();

        Assert.Equal(ProcessLookup.Dead, Table.Lookup(int.MaxValue));
    }

    private static void Linux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows this in /proc.");
}
