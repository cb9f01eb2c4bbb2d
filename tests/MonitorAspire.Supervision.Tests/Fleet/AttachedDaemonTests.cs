using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class AttachedDaemonTests
{
    private static readonly DaemonSpec Attached = FleetFixture.Spec("a", 9000) with { Launch = LaunchMode.Attached };

    [Fact]
    public async Task Begin_LaunchedLaterBySomebodyElse_IsVerifiedWithItsStages()
    {
        await using var fixture = await new FleetFixture([Attached]).BeginAsync();
        await fixture.AdvanceAsync(5);
        Assert.Equal(DaemonState.Starting, fixture["a"].State);

        var instance = fixture.Engine.AddInstance(9000);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        Assert.Equal(instance.Pid, fixture["a"].Pid);
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.StartVerified));
        var report = (await fixture.EventsAsync()).Single(e => e.Kind == FleetEventKind.StartVerified).Report!;
        Assert.Equal([StartupStage.Spawn, StartupStage.PidFile, StartupStage.PortBound, StartupStage.Health], report.Stages.Select(s => s.Stage));
        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.True(report.TotalMs >= 5000, $"{report.TotalMs} ms");
    }

    [Fact]
    public async Task Begin_ProbeTimeoutOfTheFleet_LimitsTheProbesAndNotTheStarts()
    {
        var options = FleetFixture.Options with { Probe = new ProbePolicy { Timeout = TimeSpan.FromMilliseconds(700) } };
        await using var fixture = await new FleetFixture([Attached, FleetFixture.Spec("own", 9001)], options).BeginAsync();
        fixture.Engine.AddInstance(9000);
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(daemon => daemon.State == DaemonState.Running));

        Assert.Contains(fixture.Engine.Probes, probe => probe.Name == "a");
        await fixture.UntilAsync(() => fixture.Engine.Probes.Any(probe => probe.Name == "own"));
        Assert.All(fixture.Engine.Probes.Where(probe => probe.Name == "own"), probe => Assert.Equal(options.Probe.Timeout, probe.Timeout));
        Assert.Contains(fixture.Engine.Probes, probe => probe.Name == "a" && probe.Timeout > options.Probe.Timeout);
    }

    [Fact]
    public async Task Requests_NobodyCanCarryThemOut_AreConflicts()
    {
        await using var fixture = await new FleetFixture([Attached], before: e => e.AddInstance(9000)).BeginAsync();
        await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.StartAsync("a", default));
        await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.StopAsync("a", default));
        await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.RestartAsync("a", default));
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
    }

    [Fact]
    public async Task WatchedOnly_UnhealthyThenGoneThenBack_IsShownAndNeverTouched()
    {
        await using var fixture = await new FleetFixture([Attached], before: e => e.AddInstance(9000)).BeginAsync();
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        fixture.Engine[9000].Unhealthy = true;
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Unhealthy);
        fixture.Engine[9000].Unhealthy = false;
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);

        fixture.Engine.Kill(9000);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Failed);
        await fixture.AdvanceAsync(11);
        Assert.Contains(AlertKind.HealthLost, fixture["a"].Alerts);
        var next = fixture.Engine.AddInstance(9000);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running && fixture["a"].Pid == next.Pid);
        Assert.Empty(fixture["a"].Alerts);

        await fixture.Fleet.EndAsync();
        Assert.NotNull(fixture.Engine[9000].Instance);
        Assert.Empty(fixture.Engine.Starts);
        Assert.Empty(fixture.Engine.Stops);
    }

    [Fact]
    public async Task Controller_ExitAndLostHealth_RestartThroughIt()
    {
        var launcher = new Launcher();
        await using var fixture = await BeginWithInstanceAsync(launcher);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        Assert.Empty(launcher.Requests);

        fixture.Engine.Kill(9000);
        await fixture.UntilAsync(() => fixture["a"] is { State: DaemonState.Running, Restarts: 1 });
        fixture.Engine[9000].Unhealthy = true;
        await fixture.UntilAsync(() => fixture["a"] is { State: DaemonState.Running, Restarts: 2 });
        Assert.Equal(["start a", "stop a", "start a"], launcher.Requests);

        Assert.Equal(StopVerdict.Stopped, (await fixture.Fleet.StopAsync("a", default)).Verdict);
        Assert.Equal(DaemonState.Stopped, fixture["a"].State);
        Assert.Equal("stop a", launcher.Requests[^1]);
        Assert.Empty(fixture.Engine.Stops);
    }

    [Fact]
    public async Task Controller_InstanceThatAnEarlierSupervisorVerified_IsAdoptedWithItsRestartsAndRestarted()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var fixture = await BeginWithInstanceAsync(launcher, restarts: 3, verified: true);
        await fixture.UntilAsync(() => fixture["a"] is { State: DaemonState.Running, Adopted: true, Restarts: 3 });
        Assert.Empty(launcher.Requests);

        launcher.Launched = null;
        fixture.Engine.Kill(9000);
        await fixture.UntilAsync(() => fixture["a"] is { State: DaemonState.Running, Adopted: false, Restarts: 4 });
        Assert.Equal(["start a"], launcher.Requests);
    }

    [Fact]
    public async Task Controller_FirstLaunch_IsWaitedForWithoutALimitAndThenVerified()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var fixture = await new FleetFixture([Attached], controller: launcher, before: e => launcher.Engine = e).BeginAsync();
        await fixture.AdvanceAsync(600, step: 10);
        Assert.Equal(DaemonState.Starting, fixture["a"].State);

        fixture.Engine.AddInstance(9000);
        launcher.Launched.SetResult(new AttachedLaunch(null, null));
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.StartVerified));
        var report = (await fixture.EventsAsync()).Single(e => e.Kind == FleetEventKind.StartVerified).Report!;
        Assert.Equal(Enum.GetValues<StartupStage>(), report.Stages.Select(s => s.Stage));
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_PortOfSomebodyElse_IsForeignUntilItIsFreeAndThenAskedFor()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var fixture = await BeginForeignAsync(launcher, launcher.Launched);
        Assert.Equal(StartupReason.PortInUse, fixture["a"].LastFailure!.Reason);
        Assert.Empty(launcher.Requests);

        launcher.Launched = null;
        fixture.Engine[9000].Foreign = false;
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        Assert.Equal(["start a"], launcher.Requests);
    }

    [Fact]
    public async Task Controller_CannotLaunch_IsAFailureThatIsTriedAgain()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var fixture = await new FleetFixture([Attached], controller: launcher, before: e => launcher.Engine = e).BeginAsync();
        launcher.Launched.SetException(new InvalidOperationException("no such file"));
        var failure = fixture["a"].LastFailure!;
        Assert.Equal((StartupReason.ExitedPrematurely, StartupStage.Spawn), (failure.Reason, failure.Stage));
        Assert.Contains("no such file", failure.Detail, StringComparison.Ordinal);

        launcher.Launched = null;
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        Assert.Equal("start a", launcher.Requests[^1]);
    }

    [Fact]
    public async Task Controller_StartThatFailsButLives_IsStoppedBeforeTheNextOne()
    {
        var launcher = new Launcher { IsNeverHealthy = true };
        var options = FleetFixture.Options with { StartTimeout = TimeSpan.FromSeconds(5) };
        await using var fixture = await new FleetFixture([Attached], options, controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.AddInstance(9000);
            engine[9000].Unhealthy = true;
        }).BeginAsync();

        await fixture.UntilAsync(() => fixture["a"].Restarts == 2);

        Assert.Equal(["stop a", "start a", "stop a", "start a"], launcher.Requests.Take(4));
    }

    [Fact]
    public async Task Controller_PersonStopsItThereBeforeItIsVerified_StaysStopped()
    {
        var end = new TaskCompletionSource<AttachedExit>();
        var launcher = new Launcher { Ended = end };
        await using var fixture = await new FleetFixture([Attached], controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.AddInstance(9000);
            engine[9000].Unhealthy = true;
        }).BeginAsync();
        await fixture.UntilAsync(() => fixture["a"] is { State: DaemonState.Starting, Stage: StartupStage.Health });

        fixture.Engine.Kill(9000);
        end.SetResult(new AttachedExit(AttachedEnd.StoppedOnPurpose, 0, []));

        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopped);
        await fixture.AdvanceAsync(60, step: 5);
        Assert.Equal((DaemonState.Stopped, 0), (fixture["a"].State, fixture["a"].Restarts));
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_EndsBeforeItIsFound_FailsAtOnceWithExitCodeAndOutput()
    {
        var end = new TaskCompletionSource<AttachedExit>();
        var launcher = new Launcher { Ended = end };
        await using var fixture = await new FleetFixture([Attached], controller: launcher, before: engine => launcher.Engine = engine).BeginAsync();
        await fixture.UntilAsync(() => fixture["a"] is { State: DaemonState.Starting, Stage: StartupStage.Spawn });
        launcher.Ended = null;

        end.SetResult(new AttachedExit(AttachedEnd.ByItself, 3, ["the last words"]));

        await fixture.UntilAsync(() => fixture["a"].LastFailure is not null);
        var failure = fixture["a"].LastFailure!;
        Assert.Equal((StartupReason.ExitedPrematurely, 3), (failure.Reason, failure.ExitCode!.Value));
        Assert.Contains("exit code 3", failure.Detail, StringComparison.Ordinal);
        Assert.Equal(["the last words"], failure.LogTail);
    }

    [Fact]
    public async Task Controller_PersonStopsAndStartsItThere_IsFollowedAndNotUndone()
    {
        var launcher = new Launcher { End = AttachedEnd.StoppedOnPurpose };
        await using var fixture = await BeginWithInstanceAsync(launcher);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);

        fixture.Engine.Kill(9000);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopped);
        await fixture.AdvanceAsync(120, step: 5);
        Assert.Equal(DaemonState.Stopped, fixture["a"].State);

        var next = fixture.Engine.AddInstance(9000);
        launcher.LaunchUnasked("a");
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running && fixture["a"].Pid == next.Pid);
        Assert.Equal(0, fixture["a"].Restarts);
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_PersonStopsItThereAndItClosesItsPortFirst_IsNotRestarted()
    {
        var launcher = new Launcher();
        await using var fixture = await BeginWithInstanceAsync(launcher);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);

        launcher.StopUnasked("a");
        fixture.Engine[9000].SocketLost = true;
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopping);
        fixture.Engine.Kill(9000);

        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopped);
        await fixture.AdvanceAsync(120, step: 5);
        Assert.Equal((DaemonState.Stopped, 0), (fixture["a"].State, fixture["a"].Restarts));
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_ItDoesNotEndAfterAPersonsStop_IsAskedToStopIt()
    {
        var launcher = new Launcher();
        await using var fixture = await BeginWithInstanceAsync(launcher);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);

        launcher.StopUnasked("a");

        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopped);
        Assert.Equal(["stop a"], launcher.Requests);
    }

    [Fact]
    public async Task Controller_PersonRestartsItThere_TheNewInstanceIsVerified()
    {
        var launcher = new Launcher { End = AttachedEnd.Replaced };
        await using var fixture = await BeginWithInstanceAsync(launcher);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);

        fixture.Engine.Kill(9000);
        var next = fixture.Engine.AddInstance(9000);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running && fixture["a"].Pid == next.Pid);
        Assert.Equal(0, fixture["a"].Restarts);
        Assert.Equal(0, fixture["a"].ConsecutiveFailures);
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_PersonHasStoppedItBeforeThisSupervisor_StaysStopped()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        launcher.Launched.SetException(new LaunchFailedException("it ended at once") { IsStoppedOnPurpose = true });
        await using var fixture = await new FleetFixture([Attached], controller: launcher, before: engine => launcher.Engine = engine).BeginAsync();

        await fixture.AdvanceAsync(120, step: 5);

        Assert.Equal((DaemonState.Stopped, 0), (fixture["a"].State, fixture["a"].Restarts));
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task StopFile_StoppedThereAndHere_StaysStoppedUntilItIsLaunchedOrAskedFor()
    {
        using var directory = new TemporaryDirectory();
        var options = FleetFixture.Options with { StopFile = directory["stopped.json"] };
        var launcher = new Launcher();
        await using (var first = await new FleetFixture([Attached], options, controller: launcher, before: AddInstance).BeginAsync())
        {
            await first.UntilAsync(() => first["a"].State == DaemonState.Running);
            launcher.StopUnasked("a");
            first.Engine.Kill(9000);
            await first.UntilAsync(() => first["a"].State == DaemonState.Stopped);
        }

        launcher.Requests.Clear();
        await using var next = await new FleetFixture([Attached], options, controller: launcher, before: engine => launcher.Engine = engine).BeginAsync();
        await next.AdvanceAsync(60, step: 5);
        Assert.Equal(DaemonState.Stopped, next["a"].State);
        Assert.Empty(launcher.Requests);

        var report = await next.Fleet.StartAsync("a", default);
        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.Equal(["start a"], launcher.Requests);
        Assert.False(next.Fleet.IsKeptStopped("a"));

        void AddInstance(ScriptedEngine engine)
        {
            launcher.Engine = engine;
            engine.AddInstance(9000);
        }
    }

    [Fact]
    public async Task Controller_LaunchComesAfterTheStop_IsStoppedToo()
    {
        var launcher = new Launcher();
        await using var fixture = await BeginWithInstanceAsync(launcher);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        await fixture.Fleet.StopAsync("a", default);
        Assert.Equal(["stop a"], launcher.Requests);

        fixture.Engine.AddInstance(9000);
        launcher.LaunchLate("a");
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopped);

        Assert.Equal(["stop a", "stop a"], launcher.Requests);
        Assert.Null(fixture.Engine[9000].Instance);
    }

    [Fact]
    public async Task Controller_PortLooksForeignButItsLauncherHasLaunchedIt_IsVerified()
    {
        var launcher = new Launcher { Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var fixture = await BeginForeignAsync(launcher, launcher.Launched);
        await fixture.AdvanceAsync(5);
        Assert.Equal(DaemonState.Foreign, fixture["a"].State);

        // The engine knows the process as soon as the launcher has named it.
        var instance = fixture.Engine.AddInstance(9000);
        fixture.Engine[9000].Foreign = false;
        launcher.Last = new AttachedLaunch(instance.Pid, null);
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Controller_PersonLaunchesItDuringAStopThatWasAskedFor_IsStoppedToo()
    {
        var launcher = new Launcher { StopAnswer = new TaskCompletionSource(), Launched = new TaskCompletionSource<AttachedLaunch>() };
        await using var fixture = await new FleetFixture([Attached], controller: launcher, before: engine => launcher.Engine = engine).BeginAsync();
        var stopped = fixture.Fleet.StopAsync("a", default);
        fixture.Engine.AddInstance(9000);
        launcher.LaunchUnasked("a");

        launcher.StopAnswer.SetResult();
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Stopped);

        Assert.Equal(StopVerdict.NotRunning, (await stopped).Verdict);
        Assert.Equal(["stop a", "stop a"], launcher.Requests);
        Assert.Null(fixture.Engine[9000].Instance);
    }

    [Fact]
    public async Task Controller_PersonStopsItThereDuringBackoff_IsNotStartedAgain()
    {
        var launcher = new Launcher { IsNeverHealthy = true };
        var options = FleetFixture.Options with { StartTimeout = TimeSpan.FromSeconds(5) };
        await using var fixture = await new FleetFixture([Attached], options, controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.AddInstance(9000);
            engine[9000].Unhealthy = true;
        }).BeginAsync();
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Backoff);
        var requests = launcher.Requests.Count(request => request == "start a");

        launcher.StopUnasked("a");
        await fixture.AdvanceAsync(120, step: 5);

        Assert.Equal(DaemonState.Stopped, fixture["a"].State);
        Assert.Equal(requests, launcher.Requests.Count(request => request == "start a"));
    }

    [Fact]
    public async Task Apply_SupervisionOfADependencyBeginsAgain_RestartsNothing()
    {
        var launcher = new Launcher();
        var dependent = FleetFixture.Spec("b", 9001) with { DependsOn = [new DaemonDependency { Name = "a" }], OnDependencyRestart = DependencyRestart.Restart };
        await using var fixture = await new FleetFixture([Attached, dependent], controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.AddInstance(9000, verified: true);
        }).BeginAsync();
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(daemon => daemon.State == DaemonState.Running));
        var pid = fixture["b"].Pid;

        var change = fixture.Fleet.ApplyAsync([Attached with { Arguments = ["changed"] }, dependent]);
        await fixture.UntilAsync(() => change.IsCompleted && fixture["a"].State == DaemonState.Running);
        await fixture.AdvanceAsync(5);

        Assert.Equal((DaemonState.Running, 0, pid), (fixture["b"].State, fixture["b"].Restarts, fixture["b"].Pid));
        Assert.Empty(launcher.Requests);
    }

    [Fact]
    public async Task Apply_RemovedWithAnAlert_TheAlertIsResolved()
    {
        var launcher = new Launcher();
        await using var fixture = await new FleetFixture([Attached, FleetFixture.Spec("own", 9001)], controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.AddInstance(9000);
        }).BeginAsync();
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Running);
        fixture.Engine[9000].Foreign = true;
        fixture.Engine[9000].Unhealthy = true;
        launcher.IsNeverHealthy = true;
        await fixture.UntilAsync(() => fixture["a"].Alerts.Count > 0);

        var change = fixture.Fleet.ApplyAsync([FleetFixture.Spec("own", 9001)]);
        await fixture.UntilAsync(() => change.IsCompleted);

        Assert.Equal(await fixture.CountAsync(FleetEventKind.AlertFired), await fixture.CountAsync(FleetEventKind.AlertResolved));
    }

    private static Task<FleetFixture> BeginWithInstanceAsync(Launcher launcher, int restarts = 0, bool verified = false) =>
        new FleetFixture([Attached], controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine.AddInstance(9000, restarts: restarts, verified: verified);
        }).BeginAsync();

    // Another process has the port, and the launch was refused.
    private static async Task<FleetFixture> BeginForeignAsync(Launcher launcher, TaskCompletionSource<AttachedLaunch> launched)
    {
        var fixture = await new FleetFixture([Attached], controller: launcher, before: engine =>
        {
            launcher.Engine = engine;
            engine[9000].Foreign = true;
        }).BeginAsync();
        launched.SetException(new InvalidOperationException("refused"));
        await fixture.UntilAsync(() => fixture["a"].State == DaemonState.Foreign);
        return fixture;
    }

    private sealed class Launcher : IAttachedDaemonController
    {
        public event Action<string>? LaunchedUnasked;

        public event Action<string>? LaunchedLate;

        public event Action<string>? StoppingUnasked;

        public AttachedLaunch? Last { get; set; }

        public AttachedLaunch? FindLaunch(string daemon) => Last;

        public void LaunchLate(string daemon) => LaunchedLate?.Invoke(daemon);

        public ScriptedEngine? Engine { get; set; }

        public List<string> Requests { get; } = [];

        /// <summary>When a launch is there; <see langword="null"/> for always.</summary>
        public TaskCompletionSource<AttachedLaunch>? Launched { get; set; }

        public AttachedEnd End { get; set; }

        /// <summary>When a process has ended; <see langword="null"/> for at once, as <see cref="End"/> says.</summary>
        public TaskCompletionSource<AttachedExit>? Ended { get; set; }

        public bool IsNeverHealthy { get; set; }

        /// <summary>When the first stop is answered, without a stop; <see langword="null"/> for at once.</summary>
        public TaskCompletionSource? StopAnswer { get; set; }

        public void LaunchUnasked(string daemon) => LaunchedUnasked?.Invoke(daemon);

        public void StopUnasked(string daemon) => StoppingUnasked?.Invoke(daemon);

        public Task RequestStartAsync(string daemon, CancellationToken cancellationToken)
        {
            Requests.Add($"start {daemon}");
            Engine!.AddInstance(9000);
            Engine[9000].Unhealthy = IsNeverHealthy;
            return Task.CompletedTask;
        }

        public Task RequestStopAsync(string daemon, CancellationToken cancellationToken)
        {
            Requests.Add($"stop {daemon}");
            if (StopAnswer is { Task.IsCompleted: false } answer)
            {
                return answer.Task.WaitAsync(cancellationToken);
            }

            Engine!.Kill(9000);
            return Task.CompletedTask;
        }

        public Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken)
            => Launched?.Task.WaitAsync(cancellationToken) ?? Task.FromResult(new AttachedLaunch(null, null));

        public Task<AttachedExit> WaitForEndAsync(string daemon, CancellationToken cancellationToken) =>
            Ended?.Task.WaitAsync(cancellationToken) ?? Task.FromResult(new AttachedExit(End, null, []));
    }
}
