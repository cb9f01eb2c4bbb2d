using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class AttachedDaemonTests
{
    private static readonly DaemonSpec Attached = FleetBench.Spec("a", 9000) with { Launch = LaunchMode.Attached };

    [Fact]
    public async Task Begin_LaunchedLaterBySomebodyElse_IsVerifiedWithItsStages()
    {
        await using var bench = await new FleetBench([Attached]).BeginAsync();
        await bench.AdvanceAsync(5);
        Assert.Equal(DaemonState.Starting, bench["a"].State);

        var instance = bench.Engine.Plant(9000);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
        Assert.Equal(instance.Pid, bench["a"].Pid);
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.StartVerified) == 1);
        var report = bench.Events().Single(e => e.Kind == FleetEventKind.StartVerified).Report!;
        Assert.Equal([StartupStage.Spawn, StartupStage.PidFile, StartupStage.PortBound, StartupStage.Health], report.Stages.Select(s => s.Stage));
        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.True(report.TotalMs >= 5000, $"{report.TotalMs} ms");
    }

    [Fact]
    public async Task Requests_NobodyCanCarryThemOut_AreConflicts()
    {
        await using var bench = await new FleetBench([Attached], before: e => e.Plant(9000)).BeginAsync();
        await Assert.ThrowsAsync<FleetConflictException>(() => bench.Fleet.StartAsync("a", default));
        await Assert.ThrowsAsync<FleetConflictException>(() => bench.Fleet.StopAsync("a", default));
        await Assert.ThrowsAsync<FleetConflictException>(() => bench.Fleet.RestartAsync("a", default));
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
    }

    [Fact]
    public async Task WatchedOnly_SickThenGoneThenBack_IsShownAndNeverTouched()
    {
        await using var bench = await new FleetBench([Attached], before: e => e.Plant(9000)).BeginAsync();
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
        bench.Engine[9000].Sick = true;
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Unhealthy);
        bench.Engine[9000].Sick = false;
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);

        bench.Engine.Kill(9000);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Failed);
        await bench.AdvanceAsync(11);
        Assert.Contains(AlertKind.HealthLost, bench["a"].Alerts);
        var next = bench.Engine.Plant(9000);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running && bench["a"].Pid == next.Pid);
        Assert.Empty(bench["a"].Alerts);

        await bench.Fleet.EndAsync();
        Assert.NotNull(bench.Engine[9000].Living);
        Assert.Empty(bench.Engine.Starts);
        Assert.Empty(bench.Engine.Stops);
    }

    [Fact]
    public async Task Controller_ExitAndLostHealth_AreMendedThroughIt()
    {
        var launcher = new Launcher();
        await using var bench = await new FleetBench([Attached], controller: launcher, before: e =>
        {
            launcher.Engine = e;
            e.Plant(9000);
        }).BeginAsync();
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
        Assert.Empty(launcher.Requests);

        bench.Engine.Kill(9000);
        await bench.UntilAsync(() => bench["a"] is { State: DaemonState.Running, Restarts: 1 });
        bench.Engine[9000].Sick = true;
        await bench.UntilAsync(() => bench["a"] is { State: DaemonState.Running, Restarts: 2 });
        Assert.Equal(["start a", "stop a", "start a"], launcher.Requests);

        Assert.Equal(StopVerdict.Stopped, (await bench.Fleet.StopAsync("a", default)).Verdict);
        Assert.Equal(DaemonState.Stopped, bench["a"].State);
        Assert.Equal("stop a", launcher.Requests[^1]);
        Assert.Empty(bench.Engine.Stops);
    }

    private sealed class Launcher : IAttachedDaemonController
    {
        public ScriptedEngine? Engine { get; set; }

        public List<string> Requests { get; } = [];

        public Task RequestStartAsync(string daemon, CancellationToken cancellationToken)
        {
            Requests.Add($"start {daemon}");
            Engine!.Plant(9000);
            Engine[9000].Sick = false;
            return Task.CompletedTask;
        }

        public Task RequestStopAsync(string daemon, CancellationToken cancellationToken)
        {
            Requests.Add($"stop {daemon}");
            Engine!.Kill(9000);
            return Task.CompletedTask;
        }
    }
}
