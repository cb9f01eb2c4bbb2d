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
        await using var fixture = await new FleetFixture(FleetFixture.Specs(4)).BeginAsync();

        Assert.All(fixture.Fleet.Daemons, d => Assert.Equal(DaemonState.Running, d.State));
        Assert.Equal(4, fixture.Fleet.Daemons.Select(d => d.Pid).Distinct().Count());
        Assert.All(fixture.Fleet.Daemons, d => Assert.False(d.Adopted));
        Assert.Equal(4, await fixture.CountAsync(FleetEventKind.StartVerified));
        var events = await fixture.EventsAsync();
        Assert.All(events.Where(e => e.Kind == FleetEventKind.StartVerified), e => Assert.Equal(e.Daemon.Pid, e.Report?.Pid));
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(e => (int)e.Id));
    }

    [Fact]
    public async Task Begin_LivingInstances_AreAdoptedAndOnlyTheOthersStarted()
    {
        int[] pids = [];
        await using var fixture = await new FleetFixture(
            FleetFixture.Specs(3),
            before: engine => pids = [engine.AddInstance(9000, restarts: 3).Pid, engine.AddInstance(9002).Pid]).BeginAsync();

        Assert.Equal(pids, new[] { fixture["d0"].Pid!.Value, fixture["d2"].Pid!.Value });
        Assert.True(fixture["d0"].Adopted);
        Assert.Equal(3, fixture["d0"].Restarts);
        Assert.Equal(["d1"], fixture.Engine.Starts.Select(s => s.Name));
        Assert.Equal(2, await fixture.CountAsync(FleetEventKind.Adopted));

        // What was adopted is looked after like any other, and its restarts go on counting.
        fixture.Engine.Kill(9000);
        await fixture.UntilAsync(() => fixture["d0"] is { State: DaemonState.Running, Adopted: false });
        Assert.Equal(4, fixture["d0"].Restarts);
        Assert.Equal(4, fixture.Engine.Starts.Last().Options.RestartCount);
    }

    [Fact]
    public async Task Begin_InstanceWhoseSupervisorDiedInItsStart_IsGivenTheRestOfItsTime()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine =>
        {
            engine.AddInstance(9000, age: TimeSpan.FromSeconds(5));
            engine[9000].Unhealthy = true;
        }).BeginAsync();

        await fixture.AdvanceAsync(15);
        fixture.Engine[9000].Unhealthy = false;
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running);
        Assert.Empty(fixture.Engine.Starts);
        Assert.Empty(fixture.Engine.Stops);
    }

    [Fact]
    public async Task Exit_AgainAndAgain_RestartsWithTheDelaysOfThePolicyAndThenCrashLoops()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();
        var other = fixture["d1"].Pid;
        for (var i = 1; i <= 5; i++)
        {
            fixture.Engine.Kill(9000, exitCode: 0);
            if (i < 5)
            {
                await fixture.UntilAsync(() => fixture["d0"].Restarts == i && fixture["d0"].State == DaemonState.Running, step: 0.05);
            }
        }

        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.CrashLooping);
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.AlertFired, AlertKind.CrashLoop));
        var delays = (await fixture.EventsAsync("d0"))
            .Where(e => e is { Kind: FleetEventKind.StateChanged, Daemon.State: DaemonState.Backoff })
            .Select(e => (e.Daemon.NextAttemptAt!.Value - e.At).TotalSeconds);
        Assert.Equal([0.2, 0.4, 0.8], delays);
        Assert.Equal(30, (fixture["d0"].NextAttemptAt!.Value - fixture.Time.GetUtcNow()).TotalSeconds);

        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running);
        Assert.Equal([AlertKind.CrashLoop], fixture["d0"].Alerts);
        await fixture.AdvanceAsync(61, step: 1);
        Assert.Empty(fixture["d0"].Alerts);
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.AlertResolved, AlertKind.CrashLoop));
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.AlertFired, AlertKind.CrashLoop));
        Assert.Equal(other, fixture["d1"].Pid);
        Assert.Equal(0, fixture["d1"].Restarts);
    }

    [Fact]
    public async Task ResetCrashLoop_CrashLoopWhoseCauseIsGone_IsTriedAtOnceAndEndsItsAlert()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        for (var i = 1; i <= 5; i++)
        {
            fixture.Engine.Kill(9000, exitCode: 1);
            await fixture.UntilAsync(() => fixture["d0"].State == (i < 5 ? DaemonState.Running : DaemonState.CrashLooping) && fixture["d0"].ConsecutiveFailures == i, step: 0.05);
        }

        var answer = await fixture.Fleet.ResetCrashLoopAsync("D0", CancellationToken.None);

        Assert.Equal((DaemonState.Starting, 0), (answer.State, answer.ConsecutiveFailures));
        Assert.Empty(answer.Alerts);

        // The clock stands, so there was no delay.
        Assert.Equal(DaemonState.Running, fixture["d0"].State);
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.AlertResolved, AlertKind.CrashLoop));
    }

    [Fact]
    public async Task ResetCrashLoop_StoppedOrUnknownDaemon_IsRefused()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        await fixture.Fleet.StopAsync("d0", CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.ResetCrashLoopAsync("d0", CancellationToken.None));

        Assert.Contains("is in no crash loop (it is Stopped)", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => fixture.Fleet.ResetCrashLoopAsync("nobody", CancellationToken.None));
        Assert.Equal(DaemonState.Stopped, fixture["d0"].State);
    }

    [Fact]
    public async Task Begin_VerifiedStart_CountsAsAllThreeChecks()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();

        Assert.Empty(fixture.Engine.Probes);
        Assert.Equal([CheckName.PidFile, CheckName.Port, CheckName.Health], fixture["d0"].Checks.Select(c => c.Name));
        Assert.All(fixture["d0"].Checks, c => Assert.Equal((true, fixture["d0"].VerifiedAt), (c.Healthy, c.At)));
    }

    [Fact]
    public async Task Probe_FailsOnce_IsUnhealthyAtOnceAndRestartedAfterTheThird()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        var pid = fixture["d0"].Pid;
        await fixture.AdvanceAsync(5, step: 0.05);
        fixture.Engine[9000].Unhealthy = true;
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Unhealthy, step: 0.01, limit: 1.1);
        Assert.Equal([true, true, false], fixture["d0"].Checks.Select(c => c.Healthy));
        Assert.Equal(StartupReason.HealthStatus, fixture["d0"].LastFailure?.Reason);

        await fixture.UntilAsync(() => fixture["d0"].Pid != pid && fixture["d0"].State == DaemonState.Running, step: 0.01);
        Assert.Equal(1, fixture["d0"].Restarts);
        var events = (await fixture.EventsAsync("d0")).Where(e => e.Kind == FleetEventKind.StateChanged && e.Message is not null).ToList();
        Assert.Equal(
            ["failed probe 1 of 3: status 503", "failed probe 2 of 3: status 503", "failed probe 3 of 3: status 503", "given up after 3 failed probes: status 503", "restart 1"],
            events.Select(e => e.Message));
        Assert.Equal([DaemonState.Unhealthy, DaemonState.Unhealthy, DaemonState.Unhealthy, DaemonState.Stopping, DaemonState.Starting], events.Select(e => e.Daemon.State));

        // The second look within 100 ms does not make the restart come earlier.
        Assert.Equal(2, (events[2].At - events[0].At).TotalSeconds, 0.011);
        Assert.Equal(4, fixture.Engine.Probes.Count(p => p.At >= events[0].At - new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public async Task Probe_NewInstanceFails_IsReportedSoonAndRestartedNoEarlier()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].Unhealthy = true;

        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Unhealthy, step: 0.01, limit: 0.2);
        await fixture.AdvanceAsync(1, step: 0.01);

        Assert.Equal((DaemonState.Unhealthy, 0), (fixture["d0"].State, fixture["d0"].Restarts));
    }

    [Fact]
    public async Task Probe_FailsOnceAndThenPasses_IsRunningAgainWithin100Ms()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].Unhealthy = true;
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Unhealthy, step: 0.01);
        fixture.Engine[9000].Unhealthy = false;

        await fixture.AdvanceAsync(0.1);

        Assert.Equal((DaemonState.Running, 0), (fixture["d0"].State, fixture["d0"].ProbeFailures));
        Assert.Equal("healthy again", (await fixture.EventsAsync("d0"))[^1].Message);
        Assert.Single(fixture.Engine.Starts);
    }

    [Fact]
    public async Task Probe_ListeningSocketLost_IsRestartedAfterASecondLook()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].SocketLost = true;
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Unhealthy, step: 0.01);

        await fixture.AdvanceAsync(0.1);

        Assert.Equal((DaemonState.Running, 1), (fixture["d0"].State, fixture["d0"].Restarts));
        Assert.Equal(StartupReason.PortNotBound, fixture["d0"].LastFailure?.Reason);
        Assert.Contains("given up because its listening socket is gone: does not listen", (await fixture.EventsAsync("d0")).Select(e => e.Message));
    }

    [Fact]
    public async Task Log_HealthLostAndRestarts_HasOneLineForEachStepAndNoneForWhatIsNormal()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        await fixture.AdvanceAsync(10);
        Assert.Empty(fixture.Log);

        fixture.Engine[9000].Unhealthy = true;
        await fixture.UntilAsync(() => fixture["d0"].Restarts == 1);
        fixture.Engine[9000].AlwaysFails = StartupReason.TimedOut;
        fixture.Engine.Kill(9000);
        Assert.Equal(
            [
                "Warning d0 is Unhealthy: failed probe 1 of 3: status 503",
                "Warning d0 is Stopping: given up after 3 failed probes: status 503",
                "Information d0 is Starting: restart 1 (last failure: health-status)",
                "Warning d0: PID 1002 ended after it was verified, with signal 9 (SIGKILL)",
                "Warning d0 is Backoff: 2 failures in a row, next start in 0.2 s (last failure: exited-prematurely)",
            ],
            fixture.Log);
    }

    [Fact]
    public async Task Probe_TwoFailuresThenHealthy_RestartsNothing()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        for (var i = 0; i < 5; i++)
        {
            fixture.Engine[9000].Unhealthy = true;
            await fixture.UntilAsync(() => fixture["d0"].ProbeFailures == 2);
            fixture.Engine[9000].Unhealthy = false;
            await fixture.UntilAsync(() => fixture["d0"].ProbeFailures == 0);
        }

        Assert.Single(fixture.Engine.Starts);
    }

    [Fact]
    public async Task Probe_PidFileLost_IsRepairedAndTold()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].PidFile = "missing";
        await fixture.UntilAsync(() => fixture.Engine[9000].PidFile == "ok");
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.Repaired));
        Assert.Equal(DaemonState.Running, fixture["d0"].State);
        Assert.Single(fixture.Engine.Starts);
    }

    [Fact]
    public async Task Probe_TwoHundredDaemons_AreSpreadOverTheInterval()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(200)).BeginAsync();
        await fixture.AdvanceAsync(5.02, step: 0.05); // a new instance is probed more often; and probes come at fifths of a second
        var before = fixture.Engine.Probes.Count;
        await fixture.AdvanceAsync(2, step: 0.05);
        var probes = fixture.Engine.Probes.Skip(before).ToList();
        Assert.Equal(400, probes.Count);
        Assert.All(probes.GroupBy(p => Math.Floor(p.At.TotalSeconds / 0.05)), burst => Assert.InRange(burst.Count(), 1, 45));
    }

    [Fact]
    public async Task Foreign_PortBecomesFree_StartsByItself()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine => engine[9000].Foreign = true).BeginAsync();
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Foreign);
        await fixture.AdvanceAsync(60, step: 1);
        Assert.Single(fixture.Engine.Starts);
        Assert.Equal([AlertKind.CannotStart], fixture["d0"].Alerts);

        fixture.Engine[9000].Foreign = false;
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running, limit: 2);
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.AlertResolved));
        Assert.Equal(1, await fixture.CountAsync(FleetEventKind.AlertFired));
    }

    [Fact]
    public async Task Probe_TroubleOfTheSupervisorItself_IsLoggedOnceAndTouchesNoDaemon()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(3)).BeginAsync();
        await fixture.AdvanceAsync(2, step: 0.5);
        foreach (var port in new[] { 9000, 9001, 9002 })
        {
            (fixture.Engine[port].OwnTrouble, fixture.Engine[port].SocketLost, fixture.Engine[port].PidFile) = (true, true, "unreadable");
        }

        await fixture.AdvanceAsync(120, step: 0.5);
        Assert.All(fixture.Fleet.Daemons, d => Assert.Equal((DaemonState.Running, 0, 0, 0), (d.State, d.ProbeFailures, d.Restarts, d.Alerts.Count)));
        Assert.Equal((3, 0), (fixture.Engine.Starts.Count, fixture.Engine.Stops.Count));
        Assert.Single(fixture.Log, line => line.Contains("The supervisor itself is in trouble", StringComparison.Ordinal));

        foreach (var port in new[] { 9000, 9001, 9002 })
        {
            (fixture.Engine[port].OwnTrouble, fixture.Engine[port].SocketLost, fixture.Engine[port].PidFile) = (false, false, "ok");
        }

        await fixture.AdvanceAsync(2, step: 0.5);
        Assert.Single(fixture.Log, line => line.Contains("can probe all daemons again", StringComparison.Ordinal));
        Assert.All(fixture.Fleet.Daemons, d => Assert.Equal(DaemonState.Running, d.State));
    }

    [Fact]
    public async Task Begin_TroubleOfTheSupervisorItself_AdoptsWhenItIsOver()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine =>
        {
            engine.AddInstance(9000);
            engine[9000].OwnTrouble = true;
        }).BeginAsync();
        await fixture.AdvanceAsync(30, step: 0.5);
        Assert.Equal((DaemonState.Stopped, 0, 0), (fixture["d0"].State, fixture.Engine.Starts.Count, fixture.Engine.Stops.Count));

        fixture.Engine[9000].OwnTrouble = false;
        await fixture.UntilAsync(() => fixture["d0"] is { State: DaemonState.Running, Adopted: true }, limit: 2);
        Assert.Empty(fixture.Engine.Starts);
        Assert.Single(fixture.Log, line => line.Contains("The supervisor itself is in trouble", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_DuringTheAdoption_EndsItsLooks()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine =>
        {
            engine.AddInstance(9000, age: TimeSpan.FromSeconds(5));
            (engine[9000].Unhealthy, engine[9000].StopTakes) = (true, TimeSpan.FromSeconds(3));
        }).BeginAsync();
        await fixture.AdvanceAsync(1);

        var stop = fixture.Fleet.StopAsync("d0", CancellationToken.None);
        var looks = fixture.Engine.Probes.Count;
        await fixture.UntilAsync(() => stop.IsCompleted);

        Assert.Equal(StopVerdict.Stopped, (await stop).Verdict);
        Assert.Equal(looks, fixture.Engine.Probes.Count);
        Assert.DoesNotContain(fixture.Log, line => line.Contains("failed unexpectedly", StringComparison.Ordinal));
        Assert.Equal(StartupVerdict.Verified, (await fixture.Fleet.StartAsync("d0", CancellationToken.None)).Verdict);
    }

    [Fact]
    public async Task Stop_DuringBackoff_StaysStopped()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine => engine[9000].AlwaysFails = StartupReason.TimedOut).BeginAsync();
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Backoff);
        var report = await fixture.Fleet.StopAsync("D0", default);
        Assert.Equal(StopVerdict.NotRunning, report.Verdict);
        var starts = fixture.Engine.Starts.Count;
        await fixture.AdvanceAsync(300, step: 5);
        Assert.Equal(DaemonState.Stopped, fixture["d0"].State);
        Assert.Equal(starts, fixture.Engine.Starts.Count);
    }

    [Fact]
    public async Task Stop_DuringStart_GivesItUpAndEndsStopped()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine => engine[9000].StartTakes = TimeSpan.FromSeconds(20)).BeginAsync();
        var start = fixture.Fleet.StartAsync("d0", default);
        var report = await fixture.Fleet.StopAsync("d0", default).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(StopVerdict.NotRunning, report.Verdict);
        Assert.Equal(StartupReason.Cancelled, (await start).Reason);
        Assert.Equal(DaemonState.Stopped, fixture["d0"].State);
    }

    [Fact]
    public async Task Restart_DuringStart_IsAnsweredByTheNewStart()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: engine => engine[9000].StartTakes = TimeSpan.FromSeconds(20)).BeginAsync();
        await fixture.AdvanceAsync(5, step: 1);
        var restart = fixture.Fleet.RestartAsync("d0", default);
        await fixture.UntilAsync(() => restart.IsCompleted, step: 1);
        Assert.Equal(StartupVerdict.Verified, (await restart).Verdict);
        Assert.Equal(2, fixture.Engine.Starts.Count);
        Assert.Equal(0, fixture["d0"].Restarts);
    }

    [Fact]
    public async Task Start_OfOneThatRuns_SaysSo()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        var report = await fixture.Fleet.StartAsync("d0", default);
        Assert.Equal(StartupVerdict.AlreadyRunning, report.Verdict);
        Assert.Equal(fixture["d0"].Pid, report.Pid);
        Assert.Single(fixture.Engine.Starts);
    }

    [Fact]
    public async Task Requests_UnknownName_AreKeyNotFound()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        await Assert.ThrowsAsync<KeyNotFoundException>(() => fixture.Fleet.StartAsync("nobody", default));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => fixture.Fleet.StopAsync("nobody", default));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => fixture.Fleet.RestartAsync("nobody", default));
        Assert.Null(fixture.Fleet.Find("nobody"));
    }

    [Fact]
    public async Task Stop_ThatFails_KeepsTryingAndStartsNoSecondOne()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].StopFails = true;
        await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.RestartAsync("d0", default));
        Assert.Equal(DaemonState.Stopping, fixture["d0"].State);
        fixture.Engine[9000].StopFails = false;
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running, step: 1);
        Assert.Equal(2, fixture.Engine.Starts.Count);
    }

    [Fact]
    public async Task PortRange_ThePortThatWasChosen_IsShownProbedAndStopped()
    {
        var spec = FleetFixture.Spec("ranged", 9000) with { PortRangeEnd = 9005 };
        await using var fixture = await new FleetFixture([spec], before: engine =>
        {
            engine[9000].Foreign = true;
            engine[9001].Foreign = true;
        }).BeginAsync();

        Assert.Equal(9002, fixture["ranged"].Port);
        Assert.Equal("http://127.0.0.1:9002", fixture["ranged"].Url);
        fixture.Engine[9002].Unhealthy = true;
        var pid = fixture["ranged"].Pid;
        await fixture.UntilAsync(() => fixture["ranged"].State == DaemonState.Running && fixture["ranged"].Pid != pid);
        Assert.Equal(StopVerdict.Stopped, (await fixture.Fleet.StopAsync("ranged", default)).Verdict);
        Assert.Null(fixture.Engine[9002].Instance);
    }

    [Fact]
    public async Task Begin_ManyThatHang_HoldUpNoOther()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(100), before: engine =>
        {
            for (var i = 0; i < 96; i++)
            {
                engine[9000 + i].StartTakes = TimeSpan.FromHours(1);
            }
        }).BeginAsync();

        // The clock stands.
        Assert.Equal(["d96", "d97", "d98", "d99"], fixture.Fleet.Daemons.Where(d => d.State == DaemonState.Running).Select(d => d.Name));
        Assert.Equal(100, fixture.Engine.Starts.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task End_StopsOrLeavesTheDaemons_AsTheOptionsSay(bool stop)
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(3), FleetFixture.Options with { StopDaemonsOnShutdown = stop }).BeginAsync();
        await fixture.Fleet.EndAsync();
        Assert.All(Enumerable.Range(9000, 3), port => Assert.Equal(stop, fixture.Engine[port].Instance is null));
        await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.StartAsync("d0", default));
    }

    [Fact]
    public async Task Never_Exit_IsLeftAndAPersonCanStartIt()
    {
        var spec = FleetFixture.Spec("once", 9000) with { Restart = new RestartPolicy { Mode = RestartMode.Never } };
        await using var fixture = await new FleetFixture([spec]).BeginAsync();
        fixture.Engine.Kill(9000, exitCode: 3);
        await fixture.UntilAsync(() => fixture["once"].State == DaemonState.Failed);
        Assert.Equal(3, fixture["once"].LastFailure?.ExitCode);
        await fixture.AdvanceAsync(100, step: 5);
        Assert.Single(fixture.Engine.Starts);
        Assert.Equal(StartupVerdict.Verified, (await fixture.Fleet.StartAsync("once", default)).Verdict);
    }
}
