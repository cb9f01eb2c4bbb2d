using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Restarts;

/// <summary>Restarts because of memory, changed files and other daemons; adopted and watched instances.</summary>
public class DaemonMachineCausesTests
{
    private const long Mebibyte = 1024 * 1024;
    private const string Detail = "its processes have 100.5 MiB of memory, more than its limit of 100 MiB";

    private static readonly MachineSettings Limited = new() { MemoryLimitBytes = 100 * Mebibyte, Restart = new RestartPolicy { Jitter = 0 } };

    [Fact]
    public void Memory_AboveTheLimit_RestartsAfterAsManyLooksAsFailedProbes()
    {
        var machine = new MachineDriver(Limited).Running();
        machine.Exit();
        machine.Verify();

        Look(machine, after: 1);
        Assert.Equal($"{Detail} (look 1 of 3)", machine.Reason);
        Look(machine, after: 0.4); // too soon to count
        Look(machine, after: 0.1);
        Assert.Equal($"{Detail} (look 2 of 3)", machine.Reason);
        Assert.Equal(DaemonState.Running, machine.State.State);
        Look(machine, after: 1);

        Assert.Equal((DaemonState.Stopping, AfterStop.Recover, TimeSpan.FromSeconds(0.2)), (machine.State.State, machine.State.After, machine.State.RecoverDelay));
        Assert.Equal($"restarted, because {Detail}", machine.Reason);
        Assert.Equal(new MachineAction.NoteFailure(StartupReason.MemoryLimit, null, Detail, null), machine.All<MachineAction.NoteFailure>().Last());
        Assert.Equal(machine.Now, machine.State.HealthLostSince);
        machine.StopDone();
        machine.Advance(0.2);
        Assert.Equal((DaemonState.Starting, 0), (machine.State.State, machine.State.MemoryExcesses));
    }

    [Fact]
    public void Memory_OnlyTheSecondAndLaterLooksAreRepeated()
    {
        var machine = new MachineDriver(Limited).Running();
        Assert.False(Next().IsRepeated);
        Look(machine, after: 0);
        machine.Advance(1);
        Assert.True(Next().IsRepeated);

        Transition Next() => DaemonMachine.Apply(machine.State, Probed(100.5), machine.Settings, machine.Now, 0.5);
    }

    [Theory]
    [InlineData(100.0)]
    [InlineData(null)]
    public void Memory_WithinTheLimitOrNotKnown_CountsAnew(double? mebibytes)
    {
        var machine = new MachineDriver(Limited).Running();
        Look(machine, after: 1);
        Look(machine, after: 1);
        machine.Send(Probed(mebibytes));
        Look(machine, after: 1);

        Assert.Equal((DaemonState.Running, 1), (machine.State.State, machine.State.MemoryExcesses));
    }

    [Fact]
    public void Memory_NoLimit_IsNotLookedAt()
    {
        var machine = new MachineDriver().Running();
        machine.Send(Probed(1e6));
        Assert.Equal((0, null), (machine.State.MemoryExcesses, machine.Reason));
    }

    [Theory]
    [InlineData(RestartMode.Never, true, "Restart:Mode is Never")]
    [InlineData(RestartMode.OnFailure, false, "this supervisor only watches it")]
    public void Memory_OfADaemonThatIsNotRestarted_IsSaidOnce(RestartMode mode, bool canAct, string why)
    {
        var machine = new MachineDriver(Limited with { CanAct = canAct, Restart = new RestartPolicy { Mode = mode } }).Running();
        foreach (var _ in (int[])[1, 2, 3])
        {
            Look(machine, after: 1);
        }

        Assert.Equal($"{Detail}; not restarted, because {why}", machine.Reason);
        machine.Advance(1);
        var next = DaemonMachine.Apply(machine.State, Probed(100.5), machine.Settings, machine.Now, 0.5);
        Assert.Equal((DaemonState.Running, null), (next.State.State, next.Reason));
        Assert.Empty(next.Actions);
        Assert.Equal([new MachineAction.NoteFailure(StartupReason.MemoryLimit, null, Detail, null)], machine.All<MachineAction.NoteFailure>());
        Assert.Empty(machine.All<MachineAction.Stop>());
    }

    [Theory]
    [InlineData(DaemonState.Running, DaemonState.Stopping)]
    [InlineData(DaemonState.Unhealthy, DaemonState.Stopping)]
    [InlineData(DaemonState.Backoff, DaemonState.Starting)]
    [InlineData(DaemonState.CrashLooping, DaemonState.Starting)]
    [InlineData(DaemonState.Failed, DaemonState.Starting)]
    [InlineData(DaemonState.Starting, null)]
    [InlineData(DaemonState.Stopping, null)]
    [InlineData(DaemonState.Foreign, null)]
    [InlineData(DaemonState.Waiting, null)]
    public void FilesChanged_DaemonThatIsWanted_IsRestartedOrTriedAtOnce(DaemonState before, DaemonState? after)
    {
        var state = MachineState.Initial with { State = before, Wanted = true };
        var changed = new MachineEvent.FilesChanged("'app.conf' was changed");
        var transition = DaemonMachine.Apply(state, changed, new MachineSettings(), TimeSpan.Zero, 0.5);

        Assert.Equal((after ?? before, after is null ? null : "restarted, because 'app.conf' was changed"), (transition.State.State, transition.Reason));
        Assert.Equal((after == DaemonState.Starting ? 1 : 0, after == DaemonState.Stopping ? AfterStop.Restart : AfterStop.Stay), (transition.State.Restarts, transition.State.After));
        Assert.Equal(state, DaemonMachine.Apply(state, changed, new MachineSettings { CanAct = false }, TimeSpan.Zero, 0.5).State);
        Assert.Equal(state with { Wanted = false }, DaemonMachine.Apply(state with { Wanted = false }, changed, new MachineSettings(), TimeSpan.Zero, 0.5).State);
    }

    [Theory]
    [InlineData(DaemonState.Running)]
    [InlineData(DaemonState.Unhealthy)]
    public void DependencyRestarted_InstanceLives_IsRestarted(DaemonState state)
    {
        var transition = DaemonMachine.Apply(MachineState.Initial with { State = state, Instance = 1 }, new MachineEvent.DependencyRestarted("db"), new MachineSettings(), TimeSpan.Zero, 0.5);

        Assert.Equal((DaemonState.Stopping, AfterStop.Restart), (transition.State.State, transition.State.After));
    }

    [Fact]
    public void Restart_DependsOnOthers_WaitsWithoutAnythingOfTheLastInstanceAndIsStillARestart()
    {
        var second = TimeSpan.FromSeconds(1);
        var before = MachineState.Initial with
        {
            State = DaemonState.Backoff,
            Wanted = true,
            Stage = StartupStage.Health,
            Instance = 3,
            NextAttemptAt = second,
            VerifiedSince = second,
            ProbeFailures = 2,
            After = AfterStop.Recover,
        };
        var waiting = DaemonMachine.Apply(before, new MachineEvent.TimerDue(), new MachineSettings { WaitingFor = ["db"] }, second, 0.5).State;

        Assert.Equal(
            (DaemonState.Waiting, true, null, null, null, null, 0, AfterStop.Stay),
            (waiting.State, waiting.IsRestartWaiting, waiting.Stage, waiting.Instance, waiting.NextAttemptAt, waiting.VerifiedSince, waiting.ProbeFailures, waiting.After));
        Assert.Equal(["db"], waiting.WaitingFor);

        // Another one joins: it waits on, and remembers that it is a restart.
        waiting = DaemonMachine.Apply(waiting, new MachineEvent.DependenciesChanged(), new MachineSettings { WaitingFor = ["db", "cache"] }, second, 0.5).State;
        var started = DaemonMachine.Apply(waiting, new MachineEvent.DependenciesChanged(), new MachineSettings(), second, 0.5);
        Assert.Equal((DaemonState.Starting, 1, "restart 1"), (started.State.State, started.State.Restarts, started.Reason));
    }

    [Fact]
    public void DependenciesChanged_DaemonThatDoesNotWait_StaysAsItIs()
    {
        var machine = new MachineDriver().Running();
        Assert.Equal(machine.State, DaemonMachine.Apply(machine.State, new MachineEvent.DependenciesChanged(), new MachineSettings { WaitingFor = ["db"] }, machine.Now, 0.5).State);
    }

    [Theory]
    [InlineData(StartupReason.HealthStatus, "503", StartupReason.HealthStatus, "503")]
    [InlineData(null, null, StartupReason.HealthUnreachable, "not healthy when it was adopted")]
    public void Adopted_NotHealthy_IsTheFirstFailedProbe(StartupReason? reason, string? detail, StartupReason noted, string says)
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.AdoptedInstance(7, Restarts: 0, Healthy: false, reason, detail));

        Assert.Equal((DaemonState.Unhealthy, 1, $"failed probe 1 of 3: {says}"), (machine.State.State, machine.State.ProbeFailures, machine.Reason));
        Assert.Equal([new MachineAction.NoteFailure(noted, null, says, null)], machine.All<MachineAction.NoteFailure>());
        Assert.Single(machine.All<MachineAction.ProbeAgain>());
    }

    [Fact]
    public void Adopted_OperationOrInstanceOfItsOwn_IsIgnored()
    {
        var adopted = new MachineEvent.AdoptedInstance(7, Restarts: 4, Healthy: true);
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        var starting = machine.State;
        machine.Send(adopted);
        Assert.Equal(starting, machine.State);

        machine.Verify();
        machine.Send(adopted);
        Assert.Equal((1, 0), (machine.State.Instance, machine.State.Restarts));
    }

    [Fact]
    public void StageEntered_OfTheStartThatIsUnderWayOnly_IsShown()
    {
        var machine = new MachineDriver();
        machine.Send(new MachineEvent.StartRequested());
        var operation = machine.State.Operation!.Value;
        machine.Send(new MachineEvent.StageEntered(operation + 1, StartupStage.Health));
        Assert.Null(machine.State.Stage);
        machine.Send(new MachineEvent.StageEntered(operation, StartupStage.Health));
        Assert.Equal(StartupStage.Health, machine.State.Stage);

        machine.Send(new MachineEvent.StopRequested());
        machine.Send(new MachineEvent.StageEntered(operation, StartupStage.Health));
        Assert.Null(machine.State.Stage);
    }

    [Fact]
    public void WatchOnly_GivenUp_SaysWhyAndLooksForItAfterTheInterval()
    {
        var machine = new MachineDriver(new MachineSettings { CanAct = false }).Running();
        foreach (var _ in (int[])[1, 2, 3])
        {
            machine.Advance(1);
            machine.Send(new MachineEvent.Probed(1, true, true, Health: false, StartupReason.HealthStatus, "503"));
        }

        Assert.Equal("given up after 3 failed probes, and not restarted, because this supervisor only watches it: 503", machine.Reason);
        machine.Exit();
        Assert.Equal((DaemonState.Failed, TimeSpan.FromSeconds(4)), (machine.State.State, machine.State.NextAttemptAt));
        machine.Advance(1);
        Assert.Single(machine.All<MachineAction.Look>());
    }

    [Fact]
    public void Timer_BeforeItIsDue_ChangesNothing()
    {
        var state = MachineState.Initial with { State = DaemonState.Backoff, NextAttemptAt = TimeSpan.FromSeconds(5) };

        Assert.Equal(state, DaemonMachine.Apply(state, new MachineEvent.TimerDue(), new MachineSettings(), TimeSpan.FromSeconds(4.999), 0.5).State);
    }

    // It is due for the alert about lost health, or for old failures, only when their time has come.
    [Fact]
    public void Timer_DueForAnotherReason_NeitherAlertsNorForgets()
    {
        var second = TimeSpan.FromSeconds(1);
        var state = MachineState.Initial with { State = DaemonState.Running, HealthLostSince = 50 * second, VerifiedSince = 50 * second, ConsecutiveFailures = 1 };

        var transition = DaemonMachine.Apply(state, new MachineEvent.TimerDue(), new MachineSettings(), 55 * second, 0.5);

        Assert.Equal(state, transition.State);
        Assert.Empty(transition.Actions);
    }

    private static void Look(MachineDriver machine, double after)
    {
        machine.Advance(after);
        machine.Send(Probed(100.5, machine.State.Instance!.Value));
    }

    private static MachineEvent.Probed Probed(double? mebibytes, long instance = 1) =>
        new(instance, true, true, Health: true) { MemoryBytes = mebibytes is { } of ? (long)(of * Mebibyte) : null };
}
