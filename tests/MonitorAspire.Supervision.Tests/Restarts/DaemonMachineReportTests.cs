using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Restarts;

/// <summary>What the machine says: reasons, failures, announcements and alerts, each with its text.</summary>
public class DaemonMachineReportTests
{
    [Fact]
    public void Exit_OfAVerifiedDaemon_IsNotedAndAnnouncedAndLosesHealth()
    {
        var machine = new MachineDriver().Running();
        machine.Advance(5);
        machine.Exit(3);

        var exit = new ProcessExit(3, null);
        Assert.Equal(new MachineAction.NoteFailure(StartupReason.ExitedPrematurely, null, $"ended after it was verified, with {exit}", exit), machine.All<MachineAction.NoteFailure>().Single());
        Assert.Equal(new MachineAction.Announce(Announcement.Exited, $"ended after it was verified, with {exit}"), machine.All<MachineAction.Announce>().Last());
        Assert.Equal(TimeSpan.FromSeconds(5), machine.State.HealthLostSince);
        Assert.Equal("restart 1", machine.Reason);
    }

    [Fact]
    public void Exit_InABackoffOfAnEarlierExit_KeepsTheTimeWhenHealthWasLost()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Advance(2);
        machine.Fail();
        Assert.Equal(TimeSpan.Zero, machine.State.HealthLostSince);
        Assert.Equal("2 failures in a row, next start in 0.2 s", machine.Reason);
    }

    [Fact]
    public void Start_Verified_IsAnnouncedWithoutAReason()
    {
        var machine = new MachineDriver().Running();
        Assert.Equal([new MachineAction.Announce(Announcement.StartVerified)], machine.All<MachineAction.Announce>());
        Assert.Null(machine.Reason);
    }

    [Fact]
    public void Start_Fails_IsNotedAndAnnouncedWithStageAndDetail()
    {
        var machine = Starting();
        Fail(machine, StartupReason.HealthStatus, "503");
        Assert.Equal([new MachineAction.NoteFailure(StartupReason.HealthStatus, StartupStage.Health, "503", null)], machine.All<MachineAction.NoteFailure>());
        Assert.Equal([new MachineAction.Announce(Announcement.StartFailed, "503")], machine.All<MachineAction.Announce>());
    }

    [Fact]
    public void Start_FailsThreeTimes_AlertNamesTheLastDetailUntilVerified()
    {
        var machine = Starting();
        for (var i = 1; i <= 3; i++)
        {
            Assert.Empty(machine.All<MachineAction.FireAlert>());
            Fail(machine, StartupReason.TimedOut, $"try {i}");
            machine.Advance(2);
        }

        machine.Verify();
        Assert.Equal([new MachineAction.FireAlert(AlertKind.StartFailures, "3 starts in a row failed; the last one: try 3")], machine.All<MachineAction.FireAlert>());
        Assert.Equal([new MachineAction.ResolveAlert(AlertKind.StartFailures, "verified")], machine.All<MachineAction.ResolveAlert>());
    }

    [Theory]
    [InlineData(StartupReason.CommandNotFound, "it cannot be started now: detail")]
    [InlineData(StartupReason.InvalidConfiguration, "its definition is wrong: detail")]
    [InlineData(StartupReason.PortInUse, "another process owns the port: detail")]
    public void Start_CannotWork_AlertSaysWhyUntilVerified(StartupReason reason, string says)
    {
        var machine = Starting();
        Fail(machine, reason, "detail");
        Assert.Equal([new MachineAction.FireAlert(AlertKind.CannotStart, says)], machine.All<MachineAction.FireAlert>());

        machine.Send(new MachineEvent.StartRequested());
        machine.Verify();
        Assert.Equal([new MachineAction.ResolveAlert(AlertKind.CannotStart, "verified")], machine.All<MachineAction.ResolveAlert>());
    }

    [Fact]
    public void Start_CancelledByAStop_IsAnnouncedAsGivenUp()
    {
        var machine = Starting();
        machine.Send(new MachineEvent.StopRequested());
        machine.Fail(StartupReason.Cancelled);
        Assert.Equal([new MachineAction.Announce(Announcement.StartFailed, "given up on request")], machine.All<MachineAction.Announce>());
        Assert.Single(machine.All<MachineAction.Stop>());
    }

    [Theory]
    [InlineData(StopVerdict.PermissionDenied, StartupReason.PermissionDenied)]
    [InlineData(StopVerdict.Failed, StartupReason.LockUnavailable)]
    public void Stop_Fails_IsNotedAndTriedAgainLater(StopVerdict verdict, StartupReason reason)
    {
        var machine = new MachineDriver().Running();
        machine.Send(new MachineEvent.StopRequested());
        machine.Advance(1);
        machine.Send(new MachineEvent.StopEnded(machine.State.Operation!.Value, Reports.Stopped(verdict) with { Detail = "PID 7 lives" }));

        Assert.Equal([new MachineAction.NoteFailure(reason, null, "it could not be stopped: PID 7 lives", null)], machine.All<MachineAction.NoteFailure>());
        Assert.Equal("it could not be stopped: PID 7 lives", machine.Reason);
        Assert.Equal(machine.Now + TimeSpan.FromSeconds(30), machine.State.NextAttemptAt);
        machine.Advance(30);
        Assert.Equal(2, machine.All<MachineAction.Stop>().Count());

        // The instance ends by itself after a stop that had failed: at once it is proved that nothing is left.
        machine.Send(new MachineEvent.StopEnded(machine.State.Operation!.Value, Reports.Stopped(verdict)));
        machine.Exit();
        Assert.Equal(3, machine.All<MachineAction.Stop>().Count());
    }

    [Fact]
    public void Probe_FailsUntilTheRestart_EachFailureIsCounted()
    {
        var machine = new MachineDriver().Running();
        var said = new List<string?>();
        foreach (var _ in (int[])[1, 2, 3])
        {
            machine.Advance(1);
            Probed(machine, health: false, detail: "503");
            said.Add(machine.Reason);
        }

        Assert.Equal(["failed probe 1 of 3: 503", "failed probe 2 of 3: 503", "given up after 3 failed probes: 503"], said);
        Assert.Equal(
            [new MachineAction.NoteFailure(StartupReason.HealthStatus, null, "503", null), new MachineAction.NoteFailure(StartupReason.HealthStatus, null, "503", null)],
            machine.All<MachineAction.NoteFailure>());
        Assert.Equal(TimeSpan.FromSeconds(1), machine.State.HealthLostSince);
    }

    [Fact]
    public void Probe_OnlyTheSecondAndLaterOnesAreRepeated()
    {
        var machine = new MachineDriver().Running();
        Assert.False(Apply(machine).IsRepeated);
        Probed(machine, health: false);
        machine.Advance(1);
        Assert.True(Apply(machine).IsRepeated);

        static Transition Apply(MachineDriver machine) =>
            DaemonMachine.Apply(machine.State, new MachineEvent.Probed(1, true, true, Health: false), machine.Settings, machine.Now, 0.5);
    }

    [Fact]
    public void Probe_SecondLookWithinHalfAnInterval_DoesNotCount()
    {
        var machine = new MachineDriver().Running();
        machine.Advance(10);
        Probed(machine, health: false);
        machine.Advance(0.4);
        Probed(machine, health: false);
        Assert.Equal(1, machine.State.ProbeFailures);
        machine.Advance(0.1);
        Probed(machine, health: false);
        Assert.Equal(2, machine.State.ProbeFailures);
    }

    [Fact]
    public void Probe_OfADaemonThatIsNotRestarted_SaysSoOnce()
    {
        var machine = new MachineDriver(new MachineSettings { Restart = new RestartPolicy { Mode = RestartMode.Never } }).Running();
        for (var i = 0; i < 3; i++)
        {
            machine.Advance(1);
            Probed(machine, health: false, detail: "503");
        }

        Assert.Equal("given up after 3 failed probes, and not restarted, because Restart:Mode is Never: 503", machine.Reason);
        Assert.Null(machine.State.VerifiedSince);
        var transition = DaemonMachine.Apply(machine.State, new MachineEvent.Probed(1, true, true, Health: false), machine.Settings, machine.Now + TimeSpan.FromSeconds(1), 0.5);
        Assert.Null(transition.Reason);
        Assert.Null(DaemonMachine.Apply(machine.State, new MachineEvent.Probed(1, true, true, Health: false), machine.Settings, machine.Now + TimeSpan.FromSeconds(0.1), 0.5).Reason);
    }

    // The state Unhealthy is published before the stop begins.
    [Theory]
    [InlineData(RestartMode.OnFailure, "failed probe 3 of 3: 503", true)]
    [InlineData(RestartMode.Never, "given up after 3 failed probes, and not restarted, because Restart:Mode is Never: 503", false)]
    public void Probe_TheLastOneOfItsLimit_SaysWhatComes(RestartMode mode, string says, bool isRepeated)
    {
        var machine = new MachineDriver(new MachineSettings { Restart = new RestartPolicy { Mode = mode } }).Running();
        foreach (var _ in (int[])[1, 2])
        {
            machine.Advance(1);
            Probed(machine, health: false, detail: "503");
        }

        machine.Advance(1);
        var third = DaemonMachine.Apply(machine.State, new MachineEvent.Probed(1, true, true, Health: false, StartupReason.HealthStatus, "503"), machine.Settings, machine.Now, 0.5);
        Assert.Equal((DaemonState.Unhealthy, says, isRepeated), (third.State.State, third.Reason, third.IsRepeated));
    }

    [Fact]
    public void HealthGivenUp_OfAnotherInstanceOrOneThatIsHealthy_IsIgnored()
    {
        var machine = new MachineDriver().Running();
        machine.Send(new MachineEvent.HealthGivenUp(1, "given up"));
        Assert.Equal(DaemonState.Running, machine.State.State);
        Probed(machine, health: false);
        machine.Send(new MachineEvent.HealthGivenUp(2, "given up"));
        Assert.Equal(DaemonState.Unhealthy, machine.State.State);
    }

    [Fact]
    public void HealthLost_UntilAVerifiedStart_IsResolvedByIt()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Advance(10);
        machine.Verify();
        Assert.Equal([new MachineAction.ResolveAlert(AlertKind.HealthLost, "verified")], machine.All<MachineAction.ResolveAlert>());
    }

    [Fact]
    public void Probe_PassesAgain_SaysSoOnceAndResolvesTheAlert()
    {
        var machine = new MachineDriver(new MachineSettings { Restart = new RestartPolicy { Mode = RestartMode.Never } }).Running();
        Probed(machine, health: false);
        machine.Advance(10);
        Assert.Equal([new MachineAction.FireAlert(AlertKind.HealthLost, "not healthy for 10 s")], machine.All<MachineAction.FireAlert>());
        Probed(machine, health: true);
        Assert.Equal("healthy again", machine.Reason);
        Assert.Equal([new MachineAction.ResolveAlert(AlertKind.HealthLost, "healthy again")], machine.All<MachineAction.ResolveAlert>());
        Assert.Null(DaemonMachine.Apply(machine.State, new MachineEvent.Probed(1, true, true, Health: true), machine.Settings, machine.Now, 0.5).Reason);
    }

    [Fact]
    public void Contested_BeginsAndEnds_IsSaid()
    {
        var machine = new MachineDriver().Running();
        machine.Probe(health: true, contested: "PID 7");
        machine.Probe(health: true);
        Assert.Equal([new MachineAction.FireAlert(AlertKind.Contested, "PID 7 listens on the port too")], machine.All<MachineAction.FireAlert>());
        Assert.Equal([new MachineAction.ResolveAlert(AlertKind.Contested, "no other process listens on the port")], machine.All<MachineAction.ResolveAlert>());
    }

    [Fact]
    public void Adopted_IsAnnouncedAndWanted()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.AdoptedInstance(7, Restarts: 4, Healthy: true));
        Assert.Equal([new MachineAction.Announce(Announcement.Adopted, "adopted from an earlier supervisor; it was not restarted")], machine.All<MachineAction.Announce>());
        Assert.True(machine.State.Wanted);
        Assert.Equal(4, machine.State.Restarts);
    }

    [Theory]
    [InlineData("start", "a start was asked for")]
    [InlineData("stop", "stopped on request")]
    [InlineData("restart", "a restart was asked for")]
    [InlineData("reset", "a person reset it")]
    public void CrashLoop_EndsByARequest_NamesIt(string request, string resolution)
    {
        var machine = CrashLooping();
        Assert.Equal(
            "5 failures within 00:02:00; it is now started only every 00:00:30",
            machine.All<MachineAction.FireAlert>().Single(a => a.Kind == AlertKind.CrashLoop).Message);

        var restarts = machine.State.Restarts;
        machine.Send(request switch
        {
            "start" => new MachineEvent.StartRequested(),
            "stop" => new MachineEvent.StopRequested(),
            "restart" => new MachineEvent.RestartRequested(),
            _ => new MachineEvent.CrashLoopReset(),
        });

        Assert.Equal(resolution, machine.All<MachineAction.ResolveAlert>().Single(a => a.Kind == AlertKind.CrashLoop).Message);
        Assert.Equal((request == "stop" ? DaemonState.Stopping : DaemonState.Starting, 0, restarts), (machine.State.State, machine.State.ConsecutiveFailures, machine.State.Restarts));
        if (request == "stop")
        {
            Assert.All(machine.All<MachineAction.ResolveAlert>(), a => Assert.Equal("stopped on request", a.Message));
            Assert.Empty(machine.State.Alerts);
        }
    }

    [Fact]
    public void CrashLoop_UptimeLasts_NamesIt()
    {
        var machine = CrashLooping();
        machine.Advance(30);
        machine.Verify();
        machine.Advance(60);
        Assert.Equal("verified and healthy for 60 s", machine.All<MachineAction.ResolveAlert>().Single(a => a.Kind == AlertKind.CrashLoop).Message);
    }

    [Fact]
    public void Reset_OfADaemonThatIsStoppedForARestart_StartsItAtOnceAfterThat()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Verify();
        foreach (var _ in (int[])[1, 2, 3])
        {
            machine.Advance(1);
            Probed(machine, health: false);
        }

        Assert.Equal((DaemonState.Stopping, AfterStop.Recover), (machine.State.State, machine.State.After));
        Assert.NotEqual(TimeSpan.Zero, machine.State.RecoverDelay);
        machine.Send(new MachineEvent.CrashLoopReset());
        machine.StopDone();
        Assert.Equal(DaemonState.Starting, machine.State.State);
    }

    [Fact]
    public void Looked_PortIsStillForeign_IsLookedAtAgainAfterTheInterval()
    {
        var machine = Starting();
        machine.Advance(100);
        machine.Fail(StartupReason.PortInUse);
        Assert.Equal(machine.Now + machine.Settings.LookInterval, machine.State.NextAttemptAt);
        machine.Advance(machine.Settings.LookInterval);
        machine.Send(new MachineEvent.Looked(machine.State.Operation!.Value, CanStart: false));
        Assert.Equal(machine.Now + machine.Settings.LookInterval, machine.State.NextAttemptAt);
        machine.Advance(machine.Settings.LookInterval);
        machine.Send(new MachineEvent.Looked(machine.State.Operation!.Value - 1, CanStart: true)); // an earlier look
        Assert.Equal(DaemonState.Foreign, machine.State.State);
        machine.Send(new MachineEvent.Looked(machine.State.Operation!.Value, CanStart: true));
        Assert.Equal((DaemonState.Starting, 1), (machine.State.State, machine.State.Restarts));
    }

    [Fact]
    public void ConfigurationChanged_OfADaemonThatWaitsOrIsStopped_StartsOnlyWhatWaits()
    {
        var changed = new MachineEvent.ConfigurationChanged();
        var waiting = MachineState.Initial with { State = DaemonState.Waiting, Wanted = true, WaitingFor = ["db"] };
        Assert.Equal(DaemonState.Starting, DaemonMachine.Apply(waiting, changed, new MachineSettings(), TimeSpan.Zero, 0.5).State.State);

        var stopping = MachineState.Initial with { State = DaemonState.Stopping, Wanted = true, After = AfterStop.Recover };
        Assert.Equal(stopping, DaemonMachine.Apply(stopping, changed, new MachineSettings(), TimeSpan.Zero, 0.5).State);
    }

    [Fact]
    public void Wanted_AfterAStopOrACancelledStart_IsFalse()
    {
        var machine = new MachineDriver().Running();
        machine.Send(new MachineEvent.StopRequested());
        Assert.False(machine.State.Wanted);

        var starting = Starting();
        starting.Fail(StartupReason.Cancelled);
        Assert.Equal((DaemonState.Stopped, false), (starting.State.State, starting.State.Wanted));
    }

    [Fact]
    public void ConfigurationChanged_OfADaemonThatRuns_ChangesNothing()
    {
        var machine = new MachineDriver().Running();
        var before = machine.State;
        machine.Send(new MachineEvent.ConfigurationChanged());
        Assert.Equal(before, machine.State);
    }

    [Fact]
    public void NextDue_SeveralTimes_IsTheEarliest()
    {
        var second = TimeSpan.FromSeconds(1);
        var state = MachineState.Initial with { State = DaemonState.Running, NextAttemptAt = 5 * second, HealthLostSince = 3 * second, VerifiedSince = second, ConsecutiveFailures = 1 };
        var settings = new MachineSettings();
        Assert.Equal(5 * second, DaemonMachine.NextDue(state, settings));
        Assert.Equal(13 * second, DaemonMachine.NextDue(state with { NextAttemptAt = null }, settings));
        Assert.Equal(61 * second, DaemonMachine.NextDue(state with { NextAttemptAt = null, HealthLostSince = null }, settings));
        Assert.Equal(61 * second, DaemonMachine.NextDue(state with { NextAttemptAt = null, HealthLostSince = null, ConsecutiveFailures = 0, RecentFailures = [second] }, settings));
        Assert.Null(DaemonMachine.NextDue(state with { NextAttemptAt = null, HealthLostSince = null, ConsecutiveFailures = 0 }, settings));
    }

    [Fact]
    public void Start_DependsOnOthers_WaitsAndSaysForWhom()
    {
        var both = new MachineSettings { WaitingFor = ["db", "cache"] };
        var waiting = DaemonMachine.Apply(MachineState.Initial, new MachineEvent.StartRequested(), both, TimeSpan.Zero, 0.5);
        Assert.Equal((DaemonState.Waiting, "waits for db, cache"), (waiting.State.State, waiting.Reason));
        Assert.Empty(waiting.Actions);
        Assert.Null(DaemonMachine.Apply(waiting.State, new MachineEvent.DependenciesChanged(), both, TimeSpan.Zero, 0.5).Reason);

        var one = DaemonMachine.Apply(waiting.State, new MachineEvent.DependenciesChanged(), new MachineSettings { WaitingFor = ["cache"] }, TimeSpan.Zero, 0.5);
        Assert.Equal("waits for cache", one.Reason);
        var none = DaemonMachine.Apply(one.State, new MachineEvent.DependenciesChanged(), new MachineSettings(), TimeSpan.Zero, 0.5);
        Assert.Equal((DaemonState.Starting, 0), (none.State.State, none.State.Restarts));
        Assert.Empty(none.State.WaitingFor);
    }

    [Fact]
    public void DependencyRestarted_OfARunningDaemon_RestartsItAndSaysWhy()
    {
        var machine = new MachineDriver().Running();
        machine.Send(new MachineEvent.DependencyRestarted("db"));
        Assert.Equal((DaemonState.Stopping, "restarted, because 'db', which it depends on, was restarted"), (machine.State.State, machine.Reason));
        machine.StopDone();
        Assert.Equal((DaemonState.Starting, 1), (machine.State.State, machine.State.Restarts));

        var stopped = new MachineDriver();
        stopped.Send(new MachineEvent.DependencyRestarted("db"));
        Assert.Equal(MachineState.Initial, stopped.State);
    }

    private static MachineDriver Starting()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        return machine;
    }

    private static MachineDriver CrashLooping()
    {
        var machine = Starting();
        for (var i = 0; i < 5; i++)
        {
            machine.Fail();
            machine.Advance(i < 4 ? 2 : 0);
        }

        Assert.Equal(DaemonState.CrashLooping, machine.State.State);
        return machine;
    }

    private static void Fail(MachineDriver machine, StartupReason reason, string detail) =>
        machine.Send(new MachineEvent.StartEnded(machine.State.Operation!.Value, Reports.Failed(reason) with { Detail = detail }, null));

    private static void Probed(MachineDriver machine, bool health, string? detail = null) =>
        machine.Send(new MachineEvent.Probed(machine.State.Instance!.Value, true, true, health, StartupReason.HealthStatus, detail));
}
