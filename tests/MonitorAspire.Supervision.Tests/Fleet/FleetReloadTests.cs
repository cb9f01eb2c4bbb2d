using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class FleetReloadTests
{
    [Fact]
    public async Task Apply_AddedRemovedChanged_TouchesOnlyThose()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(4)).BeginAsync();
        var pids = fixture.Fleet.Daemons.ToDictionary(d => d.Name, d => d.Pid);

        // Equal values in other objects, as after reading a file again.
        var specs = FleetFixture.Specs(4).Select(s => s with { Arguments = [.. s.Arguments], Environment = new Dictionary<string, string?>(s.Environment) }).ToList();
        specs.RemoveAt(1);
        specs[1] = specs[1] with { Arguments = ["--new"] };
        specs[2] = specs[2] with { Restart = new RestartPolicy { Budget = 9 } };
        specs.Insert(0, FleetFixture.Spec("fresh", 9100));
        var change = await fixture.Fleet.ApplyAsync(specs);
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));

        Assert.Equal(["fresh"], change.Added);
        Assert.Equal(["d1"], change.Removed);
        Assert.Equal(["d2"], change.Restarted);
        Assert.Equal(["d3"], change.Updated);
        Assert.Empty(change.Errors);
        Assert.Equal(["fresh", "d0", "d2", "d3"], fixture.Fleet.Daemons.Select(d => d.Name));
        Assert.Equal(pids["d0"], fixture["d0"].Pid);
        Assert.Equal(pids["d3"], fixture["d3"].Pid);
        Assert.NotEqual(pids["d2"], fixture["d2"].Pid);
        Assert.Equal(0, fixture["d2"].Restarts);
        Assert.Null(fixture.Engine[9001].Instance);
        Assert.Null(fixture.Fleet.Find("d1"));
        Assert.Equal((1, 1), (await fixture.CountAsync(FleetEventKind.Removed), await fixture.CountAsync(FleetEventKind.Added)));
        Assert.Equal(FleetEventKind.Removed, (await fixture.EventsAsync("d1"))[^1].Kind);
    }

    [Fact]
    public async Task Apply_NamesADaemonAgainThatIsBeingStopped_StartsItAfterTheStop()
    {
        using var directory = new TemporaryDirectory();
        new InstanceRecord { Name = "d1", Port = 9001, Fleet = "shop" }.Write(new DaemonFiles(directory.Path, 9001).InstanceFile);
        await using var fixture = await new FleetFixture(
            FleetFixture.Specs(1),
            FleetFixture.Options with { StateDirectory = directory.Path, Fleet = "shop" },
            before: engine =>
            {
                engine.AddInstance(9001);
                engine[9001].StopTakes = TimeSpan.FromSeconds(5);
            }).BeginAsync();
        Assert.Equal(["d1"], fixture.Engine.Stops);

        var change = fixture.Fleet.ApplyAsync(FleetFixture.Specs(2));
        await fixture.UntilAsync(() => change.IsCompleted && fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));

        Assert.Equal(["d1"], (await change).Added);
        Assert.Equal((false, 0), (fixture["d1"].Adopted, fixture["d1"].Restarts));
        Assert.Equal(["d0", "d1"], fixture.Engine.Starts.Select(s => s.Name));
        Assert.Equal(0, await fixture.CountAsync(FleetEventKind.Exited));
    }

    [Fact]
    public async Task Apply_TheSame_DoesNothing()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(3)).BeginAsync();
        var change = await fixture.Fleet.ApplyAsync(FleetFixture.Specs(3));
        await fixture.AdvanceAsync(2);
        Assert.Equal(3, fixture.Engine.Starts.Count);
        Assert.Empty(fixture.Engine.Stops);
        Assert.Empty(change.Added.Concat(change.Removed).Concat(change.Restarted).Concat(change.Updated).Concat(change.Failures));
    }

    [Fact]
    public async Task Apply_BadConfiguration_SaysEverythingAndChangesNothing()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();
        var change = await fixture.Fleet.ApplyAsync(
            [FleetFixture.Spec("d0", 9000), FleetFixture.Spec("D0", 9000), FleetFixture.Spec("x", 70000), FleetFixture.Spec("y", 1) with { Restart = new RestartPolicy { Factor = 0 } }]);
        Assert.Equal(
            [
                "'x': port 70000 is out of range (1-65535)",
                "'y': Restart:Factor: 0 is out of range (1 to 10)",
                "the name 'd0' is given 2 times",
                "port 9000 is given to 'd0' and 'D0'",
            ],
            change.Errors);
        Assert.Equal(["d0", "d1"], fixture.Fleet.Daemons.Select(d => d.Name));
        Assert.Equal(2, fixture.Engine.Starts.Count);
        Assert.Empty(fixture.Engine.Stops);
    }

    [Fact]
    public async Task Apply_PortsSwapped_EachGetsItsOwnInstance()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();
        await fixture.Fleet.ApplyAsync([FleetFixture.Spec("d0", 9001), FleetFixture.Spec("d1", 9000)]);
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));
        Assert.Equal(4, fixture.Engine.Starts.Count);
        Assert.Equal(fixture.Engine[9001].Instance?.Pid, fixture["d0"].Pid);
        Assert.Equal(fixture.Engine[9000].Instance?.Pid, fixture["d1"].Pid);
        Assert.All(fixture.Fleet.Daemons, d => Assert.False(d.Adopted));
    }

    [Fact]
    public async Task Apply_ChangeOfOneThatAPersonStopped_LeavesItStopped()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        await fixture.Fleet.StopAsync("d0", default);
        await fixture.Fleet.ApplyAsync([FleetFixture.Spec("d0", 9050)]);
        await fixture.AdvanceAsync(5);
        Assert.Equal(DaemonState.Stopped, fixture["d0"].State);
        Assert.Equal(9050, fixture["d0"].Port);
        await fixture.Fleet.StartAsync("d0", default);
        Assert.NotNull(fixture.Engine[9050].Instance);
    }

    [Fact]
    public async Task Apply_FixesADaemonThatCouldNotStart_StartsItAtOnce()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1), before: e => e[9000].AlwaysFails = StartupReason.CommandNotFound).BeginAsync();
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Backoff);
        fixture.Engine[9000].AlwaysFails = null;
        await fixture.Fleet.ApplyAsync([FleetFixture.Spec("d0", 9000) with { Command = "another" }]);
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running, limit: 1);
        Assert.Empty(fixture["d0"].Alerts);
    }

    [Fact]
    public async Task Apply_ChangeThatCannotStart_LeavesTheDaemonThatServes()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();
        var pid = fixture["d0"].Pid;

        var change = await fixture.Fleet.ApplyAsync([FleetFixture.Spec("d0", 9000) with { Command = ScriptedEngine.MissingCommand }, FleetFixture.Spec("d1", 9001)]);
        await fixture.AdvanceAsync(2);

        Assert.Equal(["'d0' was not changed: command-not-found: scripted; nothing was stopped"], change.Failures);
        Assert.Empty(change.Restarted);
        Assert.Empty(fixture.Engine.Stops);
        Assert.Equal((pid, DaemonState.Running), (fixture["d0"].Pid, fixture["d0"].State));
    }

    [Fact]
    public async Task Apply_DaemonThatIsRefusedKeepsAPortThatAnotherOneWants_LeavesBoth()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();

        var change = await fixture.Fleet.ApplyAsync([FleetFixture.Spec("d0", 9001) with { Command = ScriptedEngine.MissingCommand }, FleetFixture.Spec("d1", 9000)]);

        Assert.Equal(2, change.Failures.Count);
        Assert.Contains("'d1' was not changed: port-in-use", change.Failures[1]);
        Assert.Empty(fixture.Engine.Stops);
    }

    [Fact]
    public async Task Restart_ThatCannotSucceed_AnswersWithTheReasonAndStopsNothing()
    {
        var spec = FleetFixture.Spec("d0", 9000);
        await using var fixture = await new FleetFixture([spec with { Command = ScriptedEngine.MissingCommand }]).BeginAsync();
        var pid = fixture["d0"].Pid;

        var report = await fixture.Fleet.RestartAsync("d0", default);

        Assert.Equal((StartupVerdict.Failed, StartupReason.CommandNotFound), (report.Verdict, report.Reason));
        Assert.Empty(fixture.Engine.Stops);
        Assert.Equal(pid, fixture["d0"].Pid);
    }

    [Fact]
    public async Task Apply_ChangeFailsItsStartWithRollback_StartsTheOldDefinitionAndTriesTheNewOneNoMore()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].Failures.Enqueue(StartupReason.ExitedPrematurely);
        DaemonSpec[] changed = [FleetFixture.Spec("d0", 9000) with { Command = "new", Rollback = true }];

        var change = await fixture.Fleet.ApplyAsync(changed, FleetFixture.Options);
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running);
        var report = await Assert.Single(change.Trials);

        Assert.Equal((StartupVerdict.Failed, StartupReason.ExitedPrematurely), (report.Verdict, report.Reason));
        Assert.Contains("the old definition is started again", report.Detail);
        Assert.Equal((StartupVerdict.Verified, fixture["d0"].Pid), (report.Rollback!.Verdict, report.Rollback.Pid));
        Assert.Equal(3, fixture.Engine.Starts.Count);

        // The same configuration again, as when another daemon is changed.
        Assert.Empty((await fixture.Fleet.ApplyAsync([.. changed], FleetFixture.Options)).Restarted);
        Assert.Equal(["d0"], (await fixture.Fleet.ApplyAsync([changed[0] with { Command = "newer" }], FleetFixture.Options)).Restarted);
        await fixture.UntilAsync(() => fixture.Engine.Starts.Count == 4);
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Running);
    }

    [Fact]
    public async Task Apply_ChangeFailsAfterItsPortWasGivenAway_IsNotRolledBackToThatPort()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();
        fixture.Engine[9001].Failures.Enqueue(StartupReason.ExitedPrematurely);
        DaemonSpec[] swapped = [FleetFixture.Spec("d0", 9001) with { Rollback = true }, FleetFixture.Spec("d1", 9000)];

        var change = await fixture.Fleet.ApplyAsync(swapped, FleetFixture.Options);
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));

        Assert.Empty(change.Trials);
        Assert.Equal([("d0", 9001), ("d1", 9000)], fixture.Fleet.Daemons.Select(d => (d.Name, d.Port)));
        Assert.NotEqual(fixture["d0"].Pid, fixture["d1"].Pid);
    }

    [Fact]
    public async Task Apply_ChangeFailsItsStartWithoutRollback_IsRetriedByThePolicy()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();
        fixture.Engine[9000].AlwaysFails = StartupReason.ExitedPrematurely;

        var change = await fixture.Fleet.ApplyAsync([FleetFixture.Spec("d0", 9000) with { Command = "new" }]);
        await fixture.UntilAsync(() => fixture["d0"].State == DaemonState.Backoff);

        Assert.Empty(change.Trials);
    }

    [Fact]
    public async Task Apply_FleetWideOptions_HoldAtOnceAndTouchNoDaemon()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();
        var pids = fixture.Fleet.Daemons.Select(d => d.Pid).ToList();

        var change = await fixture.Fleet.ApplyAsync(
            FleetFixture.Specs(2),
            FleetFixture.Options with
            {
                StateDirectory = "/elsewhere",
                Probe = new ProbePolicy { Failures = 1, Interval = TimeSpan.FromSeconds(20) },
                StopGracePeriod = TimeSpan.FromSeconds(3),
            },
            default);
        await fixture.AdvanceAsync(2);

        Assert.Equal(["StopGracePeriod 00:00:10 -> 00:00:03", "ProbeInterval 00:00:01 -> 00:00:20", "ProbeFailures 3 -> 1"], change.Options);
        Assert.False(change.IsEmpty);
        Assert.Equal(2, fixture.Engine.Starts.Count);
        Assert.Empty(fixture.Engine.Stops);
        Assert.Equal(pids, fixture.Fleet.Daemons.Select(d => d.Pid));
        Assert.Equal("/nowhere/monitor-daemon-9000.log", fixture["d0"].LogFile);

        fixture.Engine[9000].Unhealthy = true;

        // With the new options one failed probe restarts the daemon, and it comes within twenty seconds.
        await fixture.UntilAsync(() => fixture["d0"].Restarts == 1, limit: 25);
    }

    [Fact]
    public async Task Apply_Removed_AnswersHowItWasStopped()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(2)).BeginAsync();

        var change = await fixture.Fleet.ApplyAsync(FleetFixture.Specs(1));

        Assert.Equal(("d1", StopVerdict.Stopped), Assert.Single(change.Stops.Select(s => (s.Name, s.Verdict))));
    }

    [Fact]
    public async Task Apply_MoreThanAFleetHas_ChangesNothing()
    {
        await using var fixture = await new FleetFixture(FleetFixture.Specs(1)).BeginAsync();

        Assert.Equal(["201 daemons are more than a fleet has (200)"], (await fixture.Fleet.ApplyAsync(FleetFixture.Specs(201))).Errors);
        Assert.Single(fixture.Fleet.Daemons);
    }
}
