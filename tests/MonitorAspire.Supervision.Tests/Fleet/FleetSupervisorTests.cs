using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class FleetSupervisorTests
{
    [Fact]
    public async Task Begin_NothingLives_StartsAll()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(4)).BeginAsync();

        Assert.All(bench.Fleet.Daemons, d => Assert.Equal(DaemonState.Running, d.State));
        Assert.Equal(4, bench.Fleet.Daemons.Select(d => d.Pid).Distinct().Count());
        Assert.All(bench.Fleet.Daemons, d => Assert.False(d.Adopted));
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.StartVerified) == 4);
        Assert.All(bench.Events().Where(e => e.Kind == FleetEventKind.StartVerified), e => Assert.Equal(e.Daemon.Pid, e.Report?.Pid));
        Assert.Equal(Enumerable.Range(1, bench.Events().Count), bench.Events().Select(e => (int)e.Id));
    }

    [Fact]
    public async Task Begin_LivingInstances_AreAdoptedAndOnlyTheOthersStarted()
    {
        int[] pids = [];
        await using var bench = await new FleetBench(
            FleetBench.Specs(3),
            before: engine => pids = [engine.Plant(9000, restarts: 3).Pid, engine.Plant(9002).Pid]).BeginAsync();

        Assert.Equal(pids, new[] { bench["d0"].Pid!.Value, bench["d2"].Pid!.Value });
        Assert.True(bench["d0"].Adopted);
        Assert.Equal(3, bench["d0"].Restarts);
        Assert.Equal(["d1"], bench.Engine.Starts.Select(s => s.Name));
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.Adopted) == 2);

        // What was adopted is looked after like any other, and its restarts go on counting.
        bench.Engine.Kill(9000);
        await bench.UntilAsync(() => bench["d0"] is { State: DaemonState.Running, Adopted: false });
        Assert.Equal(4, bench["d0"].Restarts);
        Assert.Equal(4, bench.Engine.Starts.Last().Options.RestartCount);
    }

    [Fact]
    public async Task Begin_InstanceWhoseSupervisorDiedInItsStart_IsGivenTheRestOfItsTime()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1), before: engine =>
        {
            engine.Plant(9000, age: TimeSpan.FromSeconds(5));
            engine[9000].Sick = true;
        }).BeginAsync();

        await bench.AdvanceAsync(15);
        bench.Engine[9000].Sick = false;
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Running);
        Assert.Empty(bench.Engine.Starts);
        Assert.Empty(bench.Engine.Stops);
    }

    [Fact]
    public async Task Exit_AgainAndAgain_RestartsWithTheDelaysOfThePolicyAndThenCrashLoops()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(2)).BeginAsync();
        var other = bench["d1"].Pid;
        for (var i = 1; i <= 5; i++)
        {
            bench.Engine.Kill(9000, exitCode: 0);
            if (i < 5)
            {
                await bench.UntilAsync(() => bench["d0"].Restarts == i && bench["d0"].State == DaemonState.Running, step: 0.05);
            }
        }

        await bench.UntilAsync(() => bench["d0"].State == DaemonState.CrashLooping);
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.AlertFired, AlertKind.CrashLoop) == 1);
        var delays = bench.Events("d0")
            .Where(e => e is { Kind: FleetEventKind.StateChanged, Daemon.State: DaemonState.Backoff })
            .Select(e => (e.Daemon.NextAttemptAt!.Value - e.At).TotalSeconds);

        // The clock may have moved a step between the state and its event; the exact delays are the machine's tests' affair.
        Assert.Collection(delays, d => Assert.InRange(d, 0.05, 0.2), d => Assert.InRange(d, 0.21, 0.4), d => Assert.InRange(d, 0.41, 0.8));
        Assert.Equal(30, (bench["d0"].NextAttemptAt!.Value - bench.Time.GetUtcNow()).TotalSeconds, 0.2);

        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Running);
        Assert.Equal([AlertKind.CrashLoop], bench["d0"].Alerts);
        await bench.AdvanceAsync(61, step: 1);
        Assert.Empty(bench["d0"].Alerts);
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.AlertResolved, AlertKind.CrashLoop) == 1);
        Assert.Equal(1, bench.Count(FleetEventKind.AlertFired, AlertKind.CrashLoop));
        Assert.Equal(other, bench["d1"].Pid);
        Assert.Equal(0, bench["d1"].Restarts);
    }

    [Fact]
    public async Task ResetCrashLoop_CrashLoopWhoseCauseIsGone_IsTriedAtOnceAndEndsItsAlert()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        for (var i = 1; i <= 5; i++)
        {
            bench.Engine.Kill(9000, exitCode: 1);
            await bench.UntilAsync(() => bench["d0"].State == (i < 5 ? DaemonState.Running : DaemonState.CrashLooping) && bench["d0"].ConsecutiveFailures == i, step: 0.05);
        }

        var answer = await bench.Fleet.ResetCrashLoopAsync("D0", CancellationToken.None);

        Assert.Equal((DaemonState.Starting, 0), (answer.State, answer.ConsecutiveFailures));
        Assert.Empty(answer.Alerts);

        // On a clock that stands: no delay was waited for.
        await FleetBench.EventuallyAsync(() => bench["d0"].State == DaemonState.Running);
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.AlertResolved, AlertKind.CrashLoop) == 1);
    }

    [Fact]
    public async Task ResetCrashLoop_StoppedOrUnknownDaemon_IsRefused()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        await bench.Fleet.StopAsync("d0", CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<FleetConflictException>(() => bench.Fleet.ResetCrashLoopAsync("d0", CancellationToken.None));

        Assert.Contains("is in no crash loop (it is Stopped)", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => bench.Fleet.ResetCrashLoopAsync("nobody", CancellationToken.None));
        Assert.Equal(DaemonState.Stopped, bench["d0"].State);
    }

    [Fact]
    public async Task Probe_ThreeFailures_DegradedThenUnhealthyThenRestarted()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        var pid = bench["d0"].Pid;
        bench.Engine[9000].Sick = true;
        await bench.UntilAsync(() => bench["d0"].ProbeFailures == 2);
        Assert.Equal(DaemonState.Running, bench["d0"].State);
        Assert.Equal([true, true, false], bench["d0"].Checks.Select(c => c.Healthy ?? throw new InvalidOperationException(c.Name)));
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Running && bench["d0"].Pid != pid);
        Assert.Equal(StartupReason.HealthStatus, bench["d0"].LastFailure?.Reason);
        Assert.Equal(1, bench["d0"].Restarts);
        await FleetBench.EventuallyAsync(() => bench.Events().Any(e => e.Daemon.State == DaemonState.Unhealthy));
    }

    [Fact]
    public async Task Probe_TwoFailuresThenWell_RestartsNothing()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        for (var i = 0; i < 5; i++)
        {
            bench.Engine[9000].Sick = true;
            await bench.UntilAsync(() => bench["d0"].ProbeFailures == 2);
            bench.Engine[9000].Sick = false;
            await bench.UntilAsync(() => bench["d0"].ProbeFailures == 0);
        }

        Assert.Single(bench.Engine.Starts);
    }

    [Fact]
    public async Task Probe_PidFileLost_IsRepairedAndTold()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        bench.Engine[9000].PidFile = "missing";
        await bench.UntilAsync(() => bench.Engine[9000].PidFile == "ok");
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.Repaired) == 1);
        Assert.Equal(DaemonState.Running, bench["d0"].State);
        Assert.Single(bench.Engine.Starts);
    }

    [Fact]
    public async Task Probe_TwoHundredDaemons_AreSpreadOverTheInterval()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(200)).BeginAsync();
        await bench.AdvanceAsync(1, step: 0.05);
        var before = bench.Engine.Probes.Count;
        await bench.AdvanceAsync(2, step: 0.05);
        var probes = bench.Engine.Probes.Skip(before).ToList();
        Assert.Equal(400, probes.Count);
        Assert.All(probes.GroupBy(p => Math.Floor(p.At.TotalSeconds / 0.05)), burst => Assert.InRange(burst.Count(), 1, 25));
    }

    [Fact]
    public async Task Foreign_PortBecomesFree_StartsByItself()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1), before: engine => engine[9000].Foreign = true).BeginAsync();
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Foreign);
        await bench.AdvanceAsync(60, step: 1);
        Assert.Single(bench.Engine.Starts);
        Assert.Equal([AlertKind.CannotStart], bench["d0"].Alerts);

        bench.Engine[9000].Foreign = false;
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Running, limit: 2);
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.AlertResolved) == 1);
        Assert.Equal(1, bench.Count(FleetEventKind.AlertFired));
    }

    [Fact]
    public async Task Stop_DuringBackoff_StaysStopped()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1), before: engine => engine[9000].AlwaysFails = StartupReason.TimedOut).BeginAsync();
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Backoff);
        var report = await bench.Fleet.StopAsync("D0", default);
        Assert.Equal(StopVerdict.NotRunning, report.Verdict);
        var starts = bench.Engine.Starts.Count;
        await bench.AdvanceAsync(300, step: 5);
        Assert.Equal(DaemonState.Stopped, bench["d0"].State);
        Assert.Equal(starts, bench.Engine.Starts.Count);
    }

    [Fact]
    public async Task Stop_DuringStart_GivesItUpAndEndsStopped()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1), before: engine => engine[9000].StartTakes = TimeSpan.FromSeconds(20)).BeginAsync();
        var start = bench.Fleet.StartAsync("d0", default);
        await bench.SettleAsync();
        var report = await bench.Fleet.StopAsync("d0", default).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(StopVerdict.NotRunning, report.Verdict);
        Assert.Equal(StartupReason.Cancelled, (await start).Reason);
        Assert.Equal(DaemonState.Stopped, bench["d0"].State);
    }

    [Fact]
    public async Task Restart_DuringStart_IsAnsweredByTheNewStart()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1), before: engine => engine[9000].StartTakes = TimeSpan.FromSeconds(20)).BeginAsync();
        await bench.AdvanceAsync(5, step: 1);
        var restart = bench.Fleet.RestartAsync("d0", default);
        await bench.UntilAsync(() => restart.IsCompleted, step: 1);
        Assert.Equal(StartupVerdict.Verified, (await restart).Verdict);
        Assert.Equal(2, bench.Engine.Starts.Count);
        Assert.Equal(0, bench["d0"].Restarts);
    }

    [Fact]
    public async Task Start_OfOneThatRuns_SaysSo()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        var report = await bench.Fleet.StartAsync("d0", default);
        Assert.Equal(StartupVerdict.AlreadyRunning, report.Verdict);
        Assert.Equal(bench["d0"].Pid, report.Pid);
        Assert.Single(bench.Engine.Starts);
    }

    [Fact]
    public async Task Requests_UnknownName_AreKeyNotFound()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        await Assert.ThrowsAsync<KeyNotFoundException>(() => bench.Fleet.StartAsync("nobody", default));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => bench.Fleet.StopAsync("nobody", default));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => bench.Fleet.RestartAsync("nobody", default));
        Assert.Null(bench.Fleet.Find("nobody"));
    }

    [Fact]
    public async Task Stop_ThatFails_KeepsTryingAndStartsNoSecondOne()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        bench.Engine[9000].StopFails = true;
        await Assert.ThrowsAsync<FleetConflictException>(() => bench.Fleet.RestartAsync("d0", default));
        Assert.Equal(DaemonState.Stopping, bench["d0"].State);
        bench.Engine[9000].StopFails = false;
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Running, step: 1);
        Assert.Equal(2, bench.Engine.Starts.Count);
    }

    [Fact]
    public async Task PortRange_ThePortThatWasChosen_IsShownProbedAndStopped()
    {
        var spec = FleetBench.Spec("ranged", 9000) with { PortRangeEnd = 9005 };
        await using var bench = await new FleetBench([spec], before: engine =>
        {
            engine[9000].Foreign = true;
            engine[9001].Foreign = true;
        }).BeginAsync();

        Assert.Equal(9002, bench["ranged"].Port);
        Assert.Equal("http://127.0.0.1:9002", bench["ranged"].Url);
        bench.Engine[9002].Sick = true;
        var pid = bench["ranged"].Pid;
        await bench.UntilAsync(() => bench["ranged"].State == DaemonState.Running && bench["ranged"].Pid != pid);
        Assert.Equal(StopVerdict.Stopped, (await bench.Fleet.StopAsync("ranged", default)).Verdict);
        Assert.Null(bench.Engine[9002].Living);
    }

    [Fact]
    public async Task Begin_ManyDaemons_StartsNoMoreAtOnceThanAllowed()
    {
        await using var bench = await new FleetBench(
            FleetBench.Specs(20),
            FleetBench.Options with { MaxParallelStarts = 4 },
            before: engine =>
            {
                for (var i = 0; i < 20; i++)
                {
                    engine[9000 + i].StartTakes = TimeSpan.FromSeconds(1);
                }
            }).BeginAsync();
        await FleetBench.EventuallyAsync(() => bench.Engine.Starts.Count == 4);
        await bench.AdvanceAsync(1, step: 1);
        await FleetBench.EventuallyAsync(() => bench.Engine.Starts.Count == 8);
        await bench.UntilAsync(() => bench.Fleet.Daemons.All(d => d.State == DaemonState.Running), step: 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task End_StopsOrLeavesTheDaemons_AsTheOptionsSay(bool stop)
    {
        await using var bench = await new FleetBench(FleetBench.Specs(3), FleetBench.Options with { StopDaemonsOnShutdown = stop }).BeginAsync();
        await bench.Fleet.EndAsync();
        Assert.All(Enumerable.Range(9000, 3), port => Assert.Equal(stop, bench.Engine[port].Living is null));
        await Assert.ThrowsAsync<FleetConflictException>(() => bench.Fleet.StartAsync("d0", default));
    }

    [Fact]
    public async Task Never_Exit_IsLeftAndAPersonCanStartIt()
    {
        var spec = FleetBench.Spec("once", 9000) with { Restart = new RestartPolicy { Mode = RestartMode.Never } };
        await using var bench = await new FleetBench([spec]).BeginAsync();
        bench.Engine.Kill(9000, exitCode: 3);
        await bench.UntilAsync(() => bench["once"].State == DaemonState.Failed);
        Assert.Equal(3, bench["once"].LastFailure?.ExitCode);
        await bench.AdvanceAsync(100, step: 5);
        Assert.Single(bench.Engine.Starts);
        Assert.Equal(StartupVerdict.Verified, (await bench.Fleet.StartAsync("once", default)).Verdict);
    }
}
