using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Restarts;

public class DaemonMachineTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Exit_WithoutRequest_RestartsAtOnceWithAnyExitCode(int code)
    {
        var machine = new MachineDriver().Running();
        machine.Exit(code);
        Assert.Equal(DaemonState.Starting, machine.State.State);
        Assert.Equal(1, machine.State.Restarts);
        Assert.Equal(2, machine.All<MachineAction.Start>().Last().Attempt);
    }

    [Fact]
    public void Exit_FiveWithinTwoMinutes_CrashLoopsWithOneAlertUntilUptimeLasts()
    {
        var machine = new MachineDriver().Running();
        foreach (var delay in new[] { 0, 0.2, 0.4, 0.8 })
        {
            machine.Advance(1);
            machine.Exit();
            Assert.Equal(delay == 0 ? DaemonState.Starting : DaemonState.Backoff, machine.State.State);
            machine.Advance(delay);
            machine.Verify();
        }

        machine.Exit();
        Assert.Equal(DaemonState.CrashLooping, machine.State.State);
        Assert.Equal(machine.Now + TimeSpan.FromSeconds(30), machine.State.NextAttemptAt);

        // A start that is verified and soon ends belongs to the same crash loop, however late it comes.
        machine.Advance(30);
        machine.Verify();
        machine.Advance(59);
        machine.Exit();
        Assert.Equal(DaemonState.CrashLooping, machine.State.State);
        Assert.Single(machine.All<MachineAction.FireAlert>(), a => a.Kind == AlertKind.CrashLoop);
        Assert.DoesNotContain(machine.All<MachineAction.ResolveAlert>(), a => a.Kind == AlertKind.CrashLoop);

        machine.Advance(30);
        machine.Verify();
        machine.Advance(60);
        Assert.Single(machine.All<MachineAction.ResolveAlert>(), a => a.Kind == AlertKind.CrashLoop);
        Assert.Equal(0, machine.State.ConsecutiveFailures);
        machine.Exit();
        Assert.Equal(DaemonState.Starting, machine.State.State);
    }

    [Fact]
    public void Exit_FiveSlowerThanTheBudget_IsNoCrashLoop()
    {
        var machine = new MachineDriver().Running();
        for (var i = 0; i < 12; i++)
        {
            machine.Advance(31);
            machine.Exit();
            machine.Advance(30);
            machine.Verify();
        }

        Assert.DoesNotContain(machine.All<MachineAction.FireAlert>(), a => a.Kind == AlertKind.CrashLoop);
    }

    [Fact]
    public void Start_ByAPersonInACrashLoop_TriesAtOnceAndResolves()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(DaemonState.Starting, machine.State.State);
            machine.Fail();
            if (i < 4)
            {
                machine.Advance(2);
            }
        }

        Assert.Equal(DaemonState.CrashLooping, machine.State.State);
        machine.Send(new MachineEvent.StartRequested());
        Assert.Equal(DaemonState.Starting, machine.State.State);
        Assert.Single(machine.All<MachineAction.ResolveAlert>(), a => a.Kind == AlertKind.CrashLoop);
        Assert.Equal(1, machine.All<MachineAction.Start>().Last().Attempt);
    }

    [Fact]
    public void StartEnded_WrongDefinition_FailsUntilAPersonOrTheConfigurationActs()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        machine.Fail(StartupReason.InvalidConfiguration);
        Assert.Equal(DaemonState.Failed, machine.State.State);
        machine.Advance(TimeSpan.FromHours(5));
        Assert.Single(machine.All<MachineAction.Start>());
        Assert.Single(machine.All<MachineAction.FireAlert>(), a => a.Kind == AlertKind.CannotStart);

        machine.Send(new MachineEvent.ConfigurationChanged());
        machine.Verify();
        Assert.Equal(DaemonState.Running, machine.State.State);
        Assert.Single(machine.All<MachineAction.ResolveAlert>(), a => a.Kind == AlertKind.CannotStart);
    }

    [Theory]
    [InlineData(StartupReason.CommandNotFound, false)]
    [InlineData(StartupReason.PermissionDenied, false)]
    [InlineData(StartupReason.InvalidConfiguration, true)]
    [InlineData(StartupReason.LockUnavailable, true)]
    [InlineData(StartupReason.TimedOut, true)]
    [InlineData(StartupReason.PortInUse, true)]
    public void StartEnded_TroubleOfTheMachine_IsTriedAtTheLongestDelayAndCountsAsNoFailure(StartupReason reason, bool isPassing)
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        for (var i = 1; i <= 20; i++)
        {
            machine.Fail(reason, isPassing);
            Assert.Equal((DaemonState.Backoff, machine.Now + TimeSpan.FromSeconds(30)), (machine.State.State, machine.State.NextAttemptAt));
            Assert.Equal((0, 0, false), (machine.State.ConsecutiveFailures, machine.State.FailedStarts, machine.State.CrashLoop));
            Assert.StartsWith("it cannot be started now, next try in 30 s: ", machine.Reason, StringComparison.Ordinal);
            machine.Advance(30);
            Assert.Equal(i + 1, machine.All<MachineAction.Start>().Count());
        }

        Assert.Equal(AlertKind.CannotStart, Assert.Single(machine.All<MachineAction.FireAlert>()).Kind);
        machine.Verify();
        Assert.Equal(DaemonState.Running, machine.State.State);
        Assert.Single(machine.All<MachineAction.ResolveAlert>());
    }

    [Fact]
    public void StartEnded_WrongDefinitionUnderAlways_IsTriedAtTheLongestDelay()
    {
        var machine = new MachineDriver(new MachineSettings { Restart = new RestartPolicy { Mode = RestartMode.Always, Jitter = 0 } });
        machine.Send(new MachineEvent.StartRequested());
        machine.Fail(StartupReason.InvalidConfiguration);
        Assert.Equal(DaemonState.Failed, machine.State.State);
        machine.Advance(29);
        Assert.Equal(DaemonState.Failed, machine.State.State);
        machine.Advance(1);
        Assert.Equal(DaemonState.Starting, machine.State.State);
    }

    [Fact]
    public void Foreign_PortBecomesFree_StartsByItself()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        machine.Fail(StartupReason.PortInUse);
        Assert.Equal(DaemonState.Foreign, machine.State.State);
        for (var i = 0; i < 1000; i++)
        {
            machine.Advance(1);
            machine.Send(new MachineEvent.Looked(machine.State.Operation!.Value, CanStart: false));
        }

        Assert.Single(machine.All<MachineAction.Start>());
        machine.Advance(1);
        machine.Send(new MachineEvent.Looked(machine.State.Operation!.Value, CanStart: true));
        machine.Verify();
        Assert.Single(machine.All<MachineAction.FireAlert>());
        Assert.Single(machine.All<MachineAction.ResolveAlert>());
    }

    [Fact]
    public void Never_ExitAndLostHealth_AreReportedAndLeft()
    {
        var machine = new MachineDriver(new MachineSettings { Restart = new RestartPolicy { Mode = RestartMode.Never } }).Running();
        for (var i = 0; i < 5; i++)
        {
            machine.Probe(health: false);
        }

        Assert.Equal(DaemonState.Unhealthy, machine.State.State);
        machine.Probe(health: true);
        Assert.Equal(DaemonState.Running, machine.State.State);
        machine.Exit();
        Assert.Equal(DaemonState.Failed, machine.State.State);
        machine.Advance(TimeSpan.FromHours(1));
        Assert.Single(machine.All<MachineAction.Start>());
        Assert.Empty(machine.All<MachineAction.Stop>());
        Assert.Single(machine.All<MachineAction.FireAlert>(), a => a.Kind == AlertKind.HealthLost);
    }

    [Fact]
    public void Probed_FirstFailure_IsUnhealthyAtOnceAndTheThirdRestarts()
    {
        var machine = new MachineDriver().Running();
        machine.Probe(health: false);
        Assert.Equal((DaemonState.Unhealthy, 1), (machine.State.State, machine.State.ProbeFailures));
        Assert.Single(machine.All<MachineAction.ProbeAgain>());
        Assert.Single(machine.All<MachineAction.NoteFailure>());
        machine.Advance(1);
        machine.Probe(health: false);
        Assert.Equal(2, machine.State.ProbeFailures);
        machine.Probe(health: true);
        Assert.Equal((DaemonState.Running, 0), (machine.State.State, machine.State.ProbeFailures));
        Assert.Empty(machine.All<MachineAction.Stop>());

        for (var i = 0; i < 3; i++)
        {
            machine.Probe(health: false);
            machine.Advance(1);
        }

        Assert.Equal(DaemonState.Stopping, machine.State.State);
        Assert.Equal("given up after 3 failed probes: ", machine.Reason);
        machine.StopDone();
        Assert.Equal(DaemonState.Starting, machine.State.State);
        Assert.Equal("restart 1", machine.Reason);
        Assert.Equal(1, machine.State.Restarts);
    }

    [Fact]
    public void Probed_ContestedPort_AlertsUntilTheOtherStopsAndRunsOn()
    {
        var machine = new MachineDriver().Running();
        for (var i = 0; i < 10; i++)
        {
            machine.Probe(health: true, contested: "PID 1 on [::1]:8768");
            machine.Advance(1);
        }

        Assert.Equal(DaemonState.Running, machine.State.State);
        var alert = Assert.Single(machine.All<MachineAction.FireAlert>());
        Assert.Equal(AlertKind.Contested, alert.Kind);
        Assert.Contains("PID 1", alert.Message, StringComparison.Ordinal);

        machine.Probe(health: true);
        Assert.Equal(AlertKind.Contested, Assert.Single(machine.All<MachineAction.ResolveAlert>()).Kind);
        Assert.Empty(machine.All<MachineAction.Stop>());
    }

    [Fact]
    public void Probed_FailuresWithinHalfAnInterval_CountAsOne()
    {
        var machine = new MachineDriver().Running();
        for (var i = 0; i < 20; i++)
        {
            machine.Probe(health: false);
            machine.Advance(0.02);
        }

        Assert.Equal((DaemonState.Unhealthy, 1), (machine.State.State, machine.State.ProbeFailures));
    }

    [Fact]
    public void Probed_SocketLost_RestartsWhenTheSecondLookConfirmsIt()
    {
        var machine = new MachineDriver().Running();
        machine.Probe(health: false, port: false);
        Assert.Equal(DaemonState.Unhealthy, machine.State.State);
        Assert.Empty(machine.All<MachineAction.Stop>());
        machine.Advance(0.1);
        machine.Probe(health: false, port: false);
        Assert.Equal(DaemonState.Stopping, machine.State.State);
        Assert.Equal("given up because its listening socket is gone: ", machine.Reason);
    }

    [Fact]
    public void Probed_SocketLostForAMoment_RestartsNothing()
    {
        var machine = new MachineDriver().Running();
        machine.Probe(health: false, port: false);
        machine.Probe(health: true);
        machine.Probe(health: false, port: false);
        Assert.Equal((DaemonState.Unhealthy, 1), (machine.State.State, machine.State.ProbeFailures));
        Assert.Empty(machine.All<MachineAction.Stop>());
    }

    [Fact]
    public void Probed_FailsNowAndThen_StillForgetsOldFailuresAfterAMinute()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Verify();
        for (var i = 0; i < 6; i++)
        {
            machine.Advance(10);
            machine.Probe(health: false);
            machine.Probe(health: true);
        }

        machine.Advance(0.1);
        Assert.Equal(0, machine.State.ConsecutiveFailures);
    }

    [Fact]
    public void Probed_PidFileLost_IsRepairedAndNoFailure()
    {
        var machine = new MachineDriver().Running();
        machine.Probe(health: true, pidFile: false);
        Assert.Single(machine.All<MachineAction.RepairFiles>());
        Assert.Equal(DaemonState.Running, machine.State.State);
        Assert.Equal(0, machine.State.ProbeFailures);
    }

    [Fact]
    public void HealthLost_TenSeconds_FiresOnceAndIsResolvedOnce()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Fail();
        machine.Advance(9);
        Assert.DoesNotContain(machine.All<MachineAction.FireAlert>(), a => a.Kind == AlertKind.HealthLost);
        while (machine.All<MachineAction.FireAlert>().All(a => a.Kind != AlertKind.HealthLost))
        {
            machine.Advance(1);
            if (machine.State.State == DaemonState.Starting)
            {
                machine.Fail();
            }
        }

        Assert.Equal(10, machine.Now.TotalSeconds);
        machine.Advance(40);
        machine.Verify();
        Assert.Single(machine.All<MachineAction.FireAlert>(), a => a.Kind == AlertKind.HealthLost);
        Assert.Single(machine.All<MachineAction.ResolveAlert>(), a => a.Kind == AlertKind.HealthLost);
    }

    [Fact]
    public void StartFailures_ThreeInARow_AlertsOnceAndAVerifiedStartResolves()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        for (var i = 1; i <= 4; i++)
        {
            machine.Fail();
            Assert.Equal(i >= 3 ? 1 : 0, machine.All<MachineAction.FireAlert>().Count(a => a.Kind == AlertKind.StartFailures));
            machine.Advance(30);
        }

        machine.Verify();
        Assert.Single(machine.All<MachineAction.ResolveAlert>(), a => a.Kind == AlertKind.StartFailures);
    }

    [Fact]
    public void Stop_DuringBackoff_StaysStopped()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Fail();
        Assert.Equal(DaemonState.Backoff, machine.State.State);
        machine.Send(new MachineEvent.StopRequested());
        machine.StopDone(StopVerdict.NotRunning);
        machine.Advance(TimeSpan.FromHours(1));
        Assert.Equal(DaemonState.Stopped, machine.State.State);
        Assert.Equal(2, machine.All<MachineAction.Start>().Count());
    }

    [Fact]
    public void Restart_DuringStart_GivesItUpAndBeginsOnlyWhenItIsGone()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        machine.Send(new MachineEvent.RestartRequested());
        Assert.Single(machine.All<MachineAction.CancelStart>());
        Assert.Single(machine.All<MachineAction.Start>());

        // The start succeeds before the cancellation. Its instance is stopped before the next start.
        machine.Send(new MachineEvent.StartEnded(machine.State.Operation!.Value, Reports.Verified(), 77));
        Assert.Single(machine.All<MachineAction.Stop>());
        Assert.Single(machine.All<MachineAction.Start>());
        machine.StopDone();
        Assert.Equal(2, machine.All<MachineAction.Start>().Count());
        Assert.Equal(0, machine.State.Restarts);
    }

    [Fact]
    public void StopEnded_InstanceCannotBeStopped_NeverStartsASecondOne()
    {
        var machine = new MachineDriver().Running();
        machine.Send(new MachineEvent.RestartRequested());
        machine.StopDone(StopVerdict.Failed);
        Assert.Equal(DaemonState.Stopping, machine.State.State);
        machine.Advance(30);
        Assert.Equal(2, machine.All<MachineAction.Stop>().Count());
        machine.StopDone();
        Assert.Equal(DaemonState.Starting, machine.State.State);
    }

    [Fact]
    public void StartEnded_LockHeldByOldProcesses_TheNextStartReplacesThem()
    {
        var machine = new MachineDriver().Running();
        machine.Exit();
        machine.Fail(StartupReason.LockUnavailable);
        machine.Advance(1);
        Assert.Equal([false, false, true], machine.All<MachineAction.Start>().Select(s => s.Force));
    }

    [Fact]
    public void Adopted_LivingInstance_KeepsItsRestartsAndStartsNothing()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.AdoptedInstance(5, Restarts: 7, Healthy: true));
        Assert.Equal(DaemonState.Running, machine.State.State);
        Assert.Equal(7, machine.State.Restarts);
        Assert.Empty(machine.All<MachineAction.Start>());
        machine.Exit();
        Assert.Equal(8, machine.All<MachineAction.Start>().Single().Restarts);
    }

    [Fact]
    public void WatchOnly_InstanceGone_LooksForItAndNeverStops()
    {
        var machine = new MachineDriver(new MachineSettings { CanAct = false }).Running();
        for (var i = 0; i < 4; i++)
        {
            machine.Probe(health: false, pidFile: false);
        }

        Assert.Equal(DaemonState.Unhealthy, machine.State.State);
        machine.Exit();
        Assert.Equal(DaemonState.Failed, machine.State.State);
        machine.Advance(1);
        machine.Send(new MachineEvent.Looked(machine.State.Operation!.Value, CanStart: true));
        machine.Verify();
        Assert.Equal(DaemonState.Running, machine.State.State);
        Assert.Empty(machine.All<MachineAction.Stop>());
        Assert.Empty(machine.All<MachineAction.RepairFiles>());
    }
}
