using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Registration of processes that another launcher started.</summary>
public sealed class RegistrationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly DaemonEngine _engine;
    private readonly DaemonSpec _spec = new() { Name = "server", Port = FreePort.Next(), Launch = LaunchMode.Attached, PidFileWriter = PidFileWriter.Launcher };

    public RegistrationTests() => _engine = new DaemonEngine(
        new EngineOptions { StateDirectory = _directory["state"], LaunchId = "the application's" }, NullLogger<DaemonEngine>.Instance);

    private DaemonFiles Files => new(_directory["state"], _spec.Port);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Register_ProcessOfAnotherLauncher_IsProvedByItsIdUntilItEnds()
    {
        using var process = Sleeper();
        try
        {
            var instance = _engine.Register(_spec, process.Id, restarts: 2);

            Assert.Equal(process.Id, instance!.Pid);
            Assert.Equal($"{process.Id}\n", await File.ReadAllTextAsync(Files.PidFile));
            Assert.Equal((process.Id, 2), (_engine.Attach(_spec)!.Pid, _engine.Attach(_spec)!.RestartCount));
            Assert.Equal(process.Id, _engine.Register(_spec, process.Id, restarts: 2)!.Pid);
            _engine.Forget(instance);
            Assert.True(File.Exists(Files.PidFile), "the files of a living instance stay");

            process.Kill();
            await instance.Exited.WaitAsync(Wait.Generous);
            await process.WaitForExitAsync();
            Assert.Null(_engine.Attach(_spec));
            _engine.Forget(instance);
            Assert.False(File.Exists(Files.PidFile));
            Assert.False(File.Exists(Files.InstanceFile));
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void Confirm_InstanceThatWroteItsRecordItself_StoresItsRestarts()
    {
        using var process = Sleeper();
        try
        {
            var instance = _engine.Register(_spec, process.Id, restarts: 0)!;
            (InstanceRecord.Read(Files.InstanceFile)! with { VerifiedAt = null }).Write(Files.InstanceFile);

            Assert.Equal((process.Id, 3), (_engine.Confirm(_spec, instance, restarts: 3).Pid, _engine.Attach(_spec)!.RestartCount));
            Assert.NotNull(InstanceRecord.Read(Files.InstanceFile)!.VerifiedAt);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void Confirm_RecordOfAnotherInstance_IsNotChanged()
    {
        using var process = Sleeper();
        try
        {
            var instance = _engine.Register(_spec, process.Id, restarts: 0)!;
            var other = InstanceRecord.Read(Files.InstanceFile)! with { Pid = process.Id + 1, RestartCount = 7 };
            other.Write(Files.InstanceFile);

            _engine.Confirm(_spec, instance, restarts: 3);

            Assert.Equal((other.Pid, 7), (InstanceRecord.Read(Files.InstanceFile)!.Pid, InstanceRecord.Read(Files.InstanceFile)!.RestartCount));
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public void Register_PortHasAnotherInstance_ChangesNothing()
    {
        using var first = Sleeper();
        using var second = Sleeper();
        try
        {
            _engine.Register(_spec, first.Id, restarts: 0);

            Assert.Null(_engine.Register(_spec, second.Id, restarts: 0));

            Assert.Equal(first.Id, _engine.Attach(_spec)!.Pid);
            Assert.Equal($"{first.Id}\n", File.ReadAllText(Files.PidFile));
        }
        finally
        {
            first.Kill();
            second.Kill();
        }
    }

    [Fact]
    public void Register_LockIsHeld_ChangesNothing()
    {
        StateDirectory.Create(_directory["state"]);
        using var held = InstanceLock.TryAcquire(Files.LockFile);
        using var process = Sleeper();
        try
        {
            Assert.Null(_engine.Register(_spec, process.Id, restarts: 0));
            Assert.False(File.Exists(Files.PidFile));
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Register_ProcessWithoutId_IsProvedByItsLauncherAlone()
    {
        var start = new ProcessStartInfo("sleep", ["600"]);
        start.Environment.Remove(InstanceRecord.EnvironmentVariable);
        using var process = Process.Start(start)!;
        try
        {
            Assert.NotNull(_engine.Register(_spec, process.Id, restarts: 2));
            Assert.Equal(2, _engine.Register(_spec, process.Id, restarts: 0)!.RestartCount);

            // The record names it, but a record alone proves nothing.
            var told = new InspectOptions { ProbeHealth = false, Told = ProcessTable.Current.Identify(process.Id) };
            Assert.Null(_engine.Attach(_spec));
            Assert.Null((await _engine.InspectAsync(_spec, new InspectOptions(), CancellationToken.None)).Pid);
            Assert.Equal((process.Id, "launcher"), (await _engine.InspectAsync(_spec, told, CancellationToken.None)) is var seen ? (seen.Pid!.Value, seen.IdentityProof) : default);
        }
        finally
        {
            process.Kill();
        }
    }

    [Fact]
    public async Task Register_ProcessIsGone_ChangesNothing()
    {
        using var process = Sleeper();
        process.Kill();
        await process.WaitForExitAsync();

        Assert.Null(_engine.Register(_spec, process.Id, restarts: 0));
        Assert.False(File.Exists(Files.PidFile));
    }

    // Aspire gives every process that it launches an instance id.
    private Process Sleeper()
    {
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("ping", ["-n", "600", "127.0.0.1"]) : new ProcessStartInfo("sleep", ["600"]);
        start.Environment[InstanceRecord.EnvironmentVariable] = InstanceRecord.NewInstanceId(_spec.Port, "the application's");
        return Process.Start(start)!;
    }
}
