using MonitorAspire.Supervision.Daemons;
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
        await using var bench = await BeginWithInstanceAsync(launcher);
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

    [Fact]
    public async Task Controller_InstanceThatAnEarlierSupervisorVerified_IsAdoptedWithItsRestartsAndMendedFromThenOn()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var bench = await BeginWithInstanceAsync(launcher, restarts: 3, verified: true);
        await bench.UntilAsync(() => bench["a"] is { State: DaemonState.Running, Adopted: true, Restarts: 3 });
        Assert.Empty(launcher.Requests);

        launcher.Launched = null;
        bench.Engine.Kill(9000);
        await bench.UntilAsync(() => bench["a"] is { State: DaemonState.Running, Adopted: false, Restarts: 4 });
        Assert.Equal(["start a"], launcher.Requests);
    }

    [Fact]
    public async Task Controller_FirstLaunch_IsWaitedForWithoutALimitAndThenVerified()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var bench = await new FleetBench([Attached], controller: launcher, before: e => launcher.Engine = e).BeginAsync();
        await bench.AdvanceAsync(600, step: 10);
        Assert.Equal(DaemonState.Starting, bench["a"].State);

        bench.Engine.Plant(9000);
        launcher.Launched.SetResult(new AttachedLaunch(null, null));
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.StartVerified) == 1);
        var report = bench.Events().Single(e => e.Kind == FleetEventKind.StartVerified).Report!;
        Assert.Equal(Enum.GetValues<StartupStage>(), report.Stages.Select(s => s.Stage));
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_PortOfSomebodyElse_IsForeignUntilItIsFreeAndThenAskedFor()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var bench = await new FleetBench([Attached], controller: launcher, before: e =>
        {
            launcher.Engine = e;
            e[9000].Foreign = true;
        }).BeginAsync();
        launcher.Launched.SetException(new InvalidOperationException("refused"));
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Foreign);
        Assert.Equal(StartupReason.PortInUse, bench["a"].LastFailure!.Reason);
        Assert.Empty(launcher.Requests);

        launcher.Launched = null;
        bench.Engine[9000].Foreign = false;
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
        Assert.Equal(["start a"], launcher.Requests);
    }

    [Fact]
    public async Task Controller_CannotLaunch_IsAFailureThatIsTriedAgain()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var bench = await new FleetBench([Attached], controller: launcher, before: e => launcher.Engine = e).BeginAsync();
        launcher.Launched.SetException(new InvalidOperationException("no such file"));
        await FleetBench.EventuallyAsync(() => bench["a"].LastFailure is { Reason: StartupReason.ExitedPrematurely, Stage: StartupStage.Spawn } failure
            && failure.Detail!.Contains("no such file", StringComparison.Ordinal));

        launcher.Launched = null;
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);
        Assert.Equal("start a", launcher.Requests[^1]);
    }

    [Fact]
    public async Task Controller_PersonStopsAndStartsItThere_IsFollowedAndNotUndone()
    {
        var launcher = new Launcher { End = AttachedEnd.StoppedOnPurpose };
        await using var bench = await BeginWithInstanceAsync(launcher);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);

        bench.Engine.Kill(9000);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Stopped);
        await bench.AdvanceAsync(120, step: 5);
        Assert.Equal(DaemonState.Stopped, bench["a"].State);

        var next = bench.Engine.Plant(9000);
        launcher.LaunchUnasked("a");
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running && bench["a"].Pid == next.Pid);
        Assert.Equal(0, bench["a"].Restarts);
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_PersonRestartsItThere_TheNewInstanceIsVerified()
    {
        var launcher = new Launcher { End = AttachedEnd.Replaced };
        await using var bench = await BeginWithInstanceAsync(launcher);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running);

        bench.Engine.Kill(9000);
        var next = bench.Engine.Plant(9000);
        await bench.UntilAsync(() => bench["a"].State == DaemonState.Running && bench["a"].Pid == next.Pid);
        Assert.Equal(0, bench["a"].Restarts);
        Assert.Equal(0, bench["a"].ConsecutiveFailures);
        Assert.Empty(launcher.Requests);
    }

    private static Task<FleetBench> BeginWithInstanceAsync(Launcher launcher, int restarts = 0, bool verified = false) =>
        new FleetBench([Attached], controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.Plant(9000, restarts: restarts, verified: verified);
        }).BeginAsync();

    private sealed class Launcher : IAttachedDaemonController
    {
        public event Action<string>? LaunchedUnasked;

        public ScriptedEngine? Engine { get; set; }

        public List<string> Requests { get; } = [];

        /// <summary>When a launch is there; <see langword="null"/> for always.</summary>
        public TaskCompletionSource<AttachedLaunch>? Launched { get; set; }

        public AttachedEnd End { get; set; }

        public void LaunchUnasked(string daemon) => LaunchedUnasked?.Invoke(daemon);

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

        public Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken)
            => Launched?.Task.WaitAsync(cancellationToken) ?? Task.FromResult(new AttachedLaunch(null, null));

        public Task<AttachedExit> ExplainEndAsync(string daemon, CancellationToken cancellationToken) => Task.FromResult(new AttachedExit(End, null, []));
    }
}
