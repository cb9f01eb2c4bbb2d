using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Each stage of a start on its own, with real processes.</summary>
public sealed class StageTests : IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly EngineFixture _fixture = new();
    private readonly List<string> _notes = [];
    private readonly EngineParts _parts;
    private ClaimedPort? _claimed;
    private StartingInstance? _instance;

    public StageTests() => _parts = new EngineParts(new EngineOptions { StateDirectory = _fixture.StateDirectory }, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        if (_claimed is not null)
        {
            await new FailedStart(_parts, TimeSpan.Zero).CleanUpAsync(_claimed, _instance);
        }

        await _fixture.DisposeAsync();
    }

    private PreflightStage Preflight(StartOptions options) => new(_parts, options, _notes, () => options.Timeout);

    private async Task<StartingInstance> SpawnAsync(DaemonSpec spec)
    {
        (_claimed, _) = await Preflight(new StartOptions()).RunAsync(spec, CancellationToken.None);
        return _instance = new SpawnStage(_parts, DateTimeOffset.UtcNow, restarts: 3).Run(_claimed!);
    }

    [Fact]
    public async Task Preflight_FreePort_TakesTheLock()
    {
        var spec = _fixture.Faulty();

        (_claimed, var serving) = await Preflight(new StartOptions()).RunAsync(spec, CancellationToken.None);

        Assert.Null(serving);
        Assert.Equal(spec, _claimed!.Spec);
        Assert.True(InstanceLock.IsHeld(_claimed.Files.LockFile));
    }

    [Fact]
    public async Task Preflight_InstanceServes_ReturnsItsInspection()
    {
        var report = await _fixture.StartAsync(_fixture.Faulty());

        var (claimed, serving) = await Preflight(new StartOptions()).RunAsync(_fixture.Faulty() with { Port = report.Port }, CancellationToken.None);

        Assert.Null(claimed);
        Assert.Equal((InspectionVerdict.Running, report.Pid), (serving!.Verdict, serving.Pid));
    }

    [Fact]
    public async Task Preflight_ForceAndInstanceServes_StopsItAndTakesTheLock()
    {
        var spec = _fixture.Faulty();
        var report = await _fixture.StartAsync(spec);

        (_claimed, _) = await Preflight(new StartOptions { Force = true, StopGracePeriod = Second }).RunAsync(spec, CancellationToken.None);

        Assert.NotNull(_claimed);
        Assert.Equal($"replaced the instance that was there (PID {report.Pid})", Assert.Single(_notes));
        Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(report.Pid!.Value).Presence);
    }

    [Fact]
    public async Task Preflight_LockHeldByAnotherProcess_FailsWhenTheTimeIsUp()
    {
        var spec = _fixture.Faulty();
        StateDirectory.Create(_fixture.StateDirectory);
        using var held = InstanceLock.TryAcquire(_fixture.Files(spec.Port).LockFile);

        var failure = await Assert.ThrowsAsync<StartupFailedException>(() => Preflight(new StartOptions { Timeout = TimeSpan.Zero }).RunAsync(spec, CancellationToken.None));

        Assert.Equal(StartupReason.LockUnavailable, failure.Reason);
    }

    [Fact]
    public async Task Spawn_Command_WritesTheRecordAndGivesTheLockToTheProcess()
    {
        var spec = _fixture.Faulty("--hang");

        var instance = await SpawnAsync(spec);
        instance.Save();

        var record = InstanceRecord.Read(_claimed!.Files.InstanceFile)!;
        Assert.Equal(instance.Root, record.Identity);
        Assert.Equal((spec.Name, 3, Environment.ProcessId), (record.Name, record.RestartCount, record.LauncherPid));
        Assert.Equal([EngineFixture.FaultDaemon, "--port", $"{spec.Port}", "--host", spec.Host, "--hang"], record.Command);
        await Wait.UntilAsync(() => ProcessTable.Current.HoldsLock(instance.Root.Pid, _claimed.Files.LockFile), "the process holds the lock");
    }

    [Fact]
    public async Task Spawn_MissingCommand_Fails()
    {
        var failure = await Assert.ThrowsAsync<StartupFailedException>(() => SpawnAsync(_fixture.Spec("no-such-command")));

        Assert.Equal(StartupReason.CommandNotFound, failure.Reason);
    }

    [Fact]
    public async Task PidFile_WrittenByTheLauncher_NamesTheProcessAgainAfterItWasDeleted()
    {
        var instance = await SpawnAsync(_fixture.Faulty("--hang"));
        var stage = new PidFileStage(_parts, _claimed!, instance);

        Assert.True(await stage.PassesAsync(CancellationToken.None));
        Assert.True(stage.NamesTheInstance);
        File.Delete(_claimed!.Files.PidFile);
        Assert.False(stage.NamesTheInstance);
        Assert.True(await stage.PassesAsync(CancellationToken.None));
        Assert.True(stage.NamesTheInstance);
    }

    [Fact]
    public async Task PidFile_NamesAnotherProcess_DoesNotPass()
    {
        var instance = await SpawnAsync(_fixture.FaultyWithPidFile("--hang"));
        var stage = new PidFileStage(_parts, _claimed!, instance);

        Assert.False(await stage.PassesAsync(CancellationToken.None));
        Assert.Equal(StartupReason.TimedOut, stage.TimedOut("1 s").Reason);
        PidFile.Write(_claimed!.Files.PidFile, Environment.ProcessId);
        Assert.False(await stage.PassesAsync(CancellationToken.None));
        Assert.Equal(StartupReason.PidMismatch, stage.TimedOut("1 s").Reason);
    }

    [Fact]
    public async Task PortBound_ForeignListener_FailsAfterThreeLooks()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        var spec = _fixture.Faulty("--hang");
        var instance = await SpawnAsync(spec);
        var stage = new PortBoundStage(_parts, _claimed!, instance);
        Assert.False(await stage.PassesAsync(CancellationToken.None));
        using var foreign = new ForeignServer(spec.Port, IPAddress.Loopback);

        Assert.False(await stage.PassesAsync(CancellationToken.None));
        Assert.False(await stage.PassesAsync(CancellationToken.None));
        var failure = await Assert.ThrowsAsync<StartupFailedException>(async () => await stage.PassesAsync(CancellationToken.None));

        Assert.Equal((StartupReason.PortOwnedByOther, Environment.ProcessId), (failure.Reason, failure.Owner!.Pid));
    }

    [Fact]
    public async Task Health_AnswerSlowerThanTheLimit_PassesOnlyWithALongerLimit()
    {
        var instance = await SpawnAsync(_fixture.Faulty("--answer-delay", "500"));
        var (pidFile, port) = (new PidFileStage(_parts, _claimed!, instance), new PortBoundStage(_parts, _claimed!, instance));
        await pidFile.PassesAsync(CancellationToken.None);
        await Wait.UntilAsync(async () => await port.PassesAsync(CancellationToken.None), "it listens");
        HealthStage Stage(TimeSpan? timeout) => new(
            _parts, _claimed! with { Spec = _claimed.Spec with { Health = new HealthCheck { Startup = new CheckLimits { Timeout = timeout } } } }, instance, () => Wait.Generous, pidFile, port);

        var impatient = Stage(TimeSpan.FromMilliseconds(100));
        Assert.False(await impatient.PassesAsync(CancellationToken.None));
        Assert.Equal(StartupReason.TimedOut, impatient.TimedOut("1 s").Reason);
        Assert.True(await Stage(null).PassesAsync(CancellationToken.None));
    }

    [Fact]
    public async Task TryFollowFork_DescendantWithoutEnvironmentAndSession_IsFoundByTheLock()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the holders of a lock.");
        var instance = await SpawnAsync(_fixture.Spec("sh", "-c", "(setsid env -i sleep 300 &) ; exit 0"));
        var first = instance.Root.Pid;
        await instance.Exited.WaitAsync(Wait.Generous);

        Assert.True(instance.TryFollowFork());

        Assert.NotEqual(first, instance.Root.Pid);
        Assert.True(ProcessTable.Current.HoldsLock(instance.Root.Pid, _claimed!.Files.LockFile));
    }

    [Theory]
    [InlineData("exit 0")]
    [InlineData("exit 4")]
    [InlineData("(sleep 300 &); exit 4")]
    public async Task TryFollowFork_NothingLeftOrFailed_IsFalse(string script)
    {
        var instance = await SpawnAsync(_fixture.Spec("sh", "-c", script));
        var exit = await instance.Exited.WaitAsync(Wait.Generous);

        Assert.False(instance.TryFollowFork());

        var failure = instance.PrematureExit(StartupStage.PortBound);
        Assert.Equal((StartupReason.ExitedPrematurely, exit.ExitCode), (failure.Reason, failure.ExitCode));
    }

    [Fact]
    public async Task FailedStart_SpawnedProcess_IsStoppedAndItsFilesAreRemoved()
    {
        var spec = _fixture.Faulty("--say", "before the stop", "--hang");
        var instance = await SpawnAsync(spec);
        await new PidFileStage(_parts, _claimed!, instance).PassesAsync(CancellationToken.None);
        await Wait.UntilAsync(() => instance.LogTail().Count > 0, "it has written its line");

        var (survivors, logTail) = await new FailedStart(_parts, Second).CleanUpAsync(_claimed!, instance);

        Assert.Empty(survivors);
        Assert.Equal(["before the stop"], logTail);
        _fixture.AssertNothingLeft(spec, instance.Root.Pid);
    }

    [Fact]
    public async Task FailedStart_NothingSpawned_FreesTheLock()
    {
        var spec = _fixture.Faulty();
        (_claimed, _) = await Preflight(new StartOptions()).RunAsync(spec, CancellationToken.None);

        await new FailedStart(_parts, Second).CleanUpAsync(_claimed!, null);

        _fixture.AssertNothingLeft(spec, null);
    }
}
