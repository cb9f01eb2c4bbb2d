using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

public sealed class AbandonedFilesTests : IDisposable
{
    private const string OtherLauncher = "00000000000000000000000000000001";

    private readonly TemporaryDirectory _directory = new();

    public AbandonedFilesTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "processes are those of Linux");
        StateDirectory.Create(State);
    }

    private string State => _directory["state"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Remove_DeadInstanceOfAnAppHost_LeavesNothing()
    {
        Write(9000, InstanceRecord.NewInstanceId(9000, OtherLauncher), alive: false);

        AbandonedFiles.Remove(State, TimeProvider.System);

        Assert.Empty(Directory.GetFiles(State));
    }

    [Fact]
    public void Remove_LockWithoutOtherFiles_IsRemovedWhenItIsOld()
    {
        File.WriteAllText(Files(9000).LockFile, "");
        File.WriteAllText(Files(9001).LockFile, "");
        File.SetLastWriteTimeUtc(Files(9000).LockFile, DateTime.UtcNow.AddHours(-1));

        AbandonedFiles.Remove(State, TimeProvider.System);

        Assert.Equal([Files(9001).LockFile], Directory.GetFiles(State));
    }

    [Fact]
    public void Remove_WhatIsNotProvablyFreeAndOurs_Stays()
    {
        // A daemon of the command line, a living instance, a lock that is held, and a daemon with a log.
        Write(9000, InstanceRecord.NewInstanceId(9000), alive: false);
        Write(9001, InstanceRecord.NewInstanceId(9001, OtherLauncher), alive: true);
        Write(9002, InstanceRecord.NewInstanceId(9002, OtherLauncher), alive: false);
        File.WriteAllText(Files(9003).LockFile, "");
        File.SetLastWriteTimeUtc(Files(9003).LockFile, DateTime.UtcNow.AddHours(-1));
        File.WriteAllText(Files(9003).LogFile, "");
        using var held = InstanceLock.TryAcquire(Files(9002).LockFile);
        var before = Directory.GetFiles(State).Order().ToList();

        AbandonedFiles.Remove(State, TimeProvider.System);

        Assert.Equal(before, Directory.GetFiles(State).Order());
    }

    private DaemonFiles Files(int port) => new(State, port);

    private void Write(int port, string instanceId, bool alive)
    {
        var self = ProcessTable.Current.Identify(Environment.ProcessId)!.Value;
        var identity = alive ? self : self with { StartTicks = self.StartTicks - 1 };
        new InstanceRecord { Name = "server", Port = port, InstanceId = instanceId }.With(identity).Write(Files(port).InstanceFile);
        PidFile.Write(Files(port).PidFile, identity.Pid);
        File.WriteAllText(Files(port).LockFile, "");
    }
}
