using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>Starts while the wall clock changes or the disk is full, and stops when the files are gone.</summary>
public sealed class EnvironmentFaultTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Theory]
    [InlineData(-86_400)]
    [InlineData(86_400)]
    public async Task Start_WallClockChangesMeanwhile_TheTimeLimitDoesNotChange(int seconds)
    {
        var clock = new JumpingClock();
        var engine = new DaemonEngine(new EngineOptions { StateDirectory = _fixture.StateDirectory }, NullLogger<DaemonEngine>.Instance, clock);
        var spec = _fixture.Remember(_fixture.Faulty("--start-delay", "500"));
        var outcome = await engine.StartAsync(
            spec, new StartOptions { StageEntered = (_, _) => clock.Offset += TimeSpan.FromSeconds(seconds) }, CancellationToken.None);

        Assert.True(outcome.Report.Verdict == StartupVerdict.Verified, outcome.Report.Detail);
        Assert.InRange(outcome.Report.TotalMs, 0, 30_000);
        clock.Offset = TimeSpan.Zero;
        Assert.Equal(InspectionVerdict.Running, (await engine.InspectAsync(spec, new InspectOptions(), CancellationToken.None)).Verdict);
        Assert.Equal(StartupVerdict.AlreadyRunning, (await engine.StartAsync(spec, new StartOptions(), CancellationToken.None)).Report.Verdict);
    }

    /// <summary>Without its files nothing on the disk leads to the daemon. Its supervisor has watched it since its start.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_StateDirectoryWasDeleted_StopsTheProcessThatWasWatched(bool isMadeAgain)
    {
        var spec = _fixture.Faulty("--leak");
        var instance = (await _fixture.StartOutcomeAsync(spec)).Instance!;
        var child = ProcessTable.Current.Snapshot().Single(p => p.ParentPid == instance.Pid).Identity;
        Directory.Delete(_fixture.StateDirectory, recursive: true);
        if (isMadeAgain)
        {
            StateDirectory.Create(_fixture.StateDirectory);
        }

        var report = await _fixture.Engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromSeconds(2), Watched = instance.Identity }, CancellationToken.None);

        Assert.True(report is { Verdict: StopVerdict.Stopped, IsPortFree: true }, report.Detail);
        Assert.Equal(instance.Pid, report.Pid);
        Assert.True(instance.Exited.IsCompleted);
        Assert.False(ProcessTable.Current.IsAlive(child));
    }

    [Fact]
    public async Task Start_DiskFull_ReportsItAndLeavesNothing()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root can mount a small file system");
        var mount = _fixture["small"];
        Directory.CreateDirectory(mount);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", mount);
        try
        {
            var state = Path.Combine(mount, "state");
            var engine = new DaemonEngine(new EngineOptions { StateDirectory = state }, NullLogger<DaemonEngine>.Instance);
            var spec = _fixture.Faulty();
            Directory.CreateDirectory(state);
            await File.WriteAllTextAsync(new DaemonFiles(state, spec.Port).LockFile, "");
            RealFleetFixture.FillUp(Path.Combine(mount, "filler"));

            var report = (await engine.StartAsync(spec, new StartOptions(), CancellationToken.None)).Report;
            Assert.Equal(StartupVerdict.Failed, report.Verdict);
            Assert.Contains("space", report.Detail, StringComparison.OrdinalIgnoreCase);
            Assert.Equal([new DaemonFiles(state, spec.Port).LockFile], Directory.GetFiles(state));

            // With free space it starts.
            File.Delete(Path.Combine(mount, "filler"));
            Assert.Equal(StartupVerdict.Verified, (await engine.StartAsync(spec, new StartOptions(), CancellationToken.None)).Report.Verdict);
            Assert.Equal(StopVerdict.Stopped, (await engine.StopAsync(spec, new StopOptions(), CancellationToken.None)).Verdict);
        }
        finally
        {
            await RunAsync("umount", mount);
        }
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(command, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>A wall clock that changes. The monotonic clock does not.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
