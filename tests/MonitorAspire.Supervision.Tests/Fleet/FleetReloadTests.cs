using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class FleetReloadTests
{
    [Fact]
    public async Task Apply_AddedRemovedChanged_TouchesOnlyThose()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(4)).BeginAsync();
        var pids = bench.Fleet.Daemons.ToDictionary(d => d.Name, d => d.Pid);

        // Equal in every value, but no object is the same: that is what a file that was read again gives.
        var specs = FleetBench.Specs(4).Select(s => s with { Arguments = [.. s.Arguments], Environment = new Dictionary<string, string?>(s.Environment) }).ToList();
        specs.RemoveAt(1);
        specs[1] = specs[1] with { Arguments = ["--new"] };
        specs[2] = specs[2] with { Restart = new RestartPolicy { Budget = 9 } };
        specs.Insert(0, FleetBench.Spec("fresh", 9100));
        var change = await bench.Fleet.ApplyAsync(specs);
        await bench.UntilAsync(() => bench.Fleet.Daemons.All(d => d.State == DaemonState.Running));

        Assert.Equal(["fresh"], change.Added);
        Assert.Equal(["d1"], change.Removed);
        Assert.Equal(["d2"], change.Restarted);
        Assert.Equal(["d3"], change.Updated);
        Assert.Empty(change.Errors);
        Assert.Equal(["fresh", "d0", "d2", "d3"], bench.Fleet.Daemons.Select(d => d.Name));
        Assert.Equal(pids["d0"], bench["d0"].Pid);
        Assert.Equal(pids["d3"], bench["d3"].Pid);
        Assert.NotEqual(pids["d2"], bench["d2"].Pid);
        Assert.Equal(0, bench["d2"].Restarts);
        Assert.Null(bench.Engine[9001].Living);
        Assert.Null(bench.Fleet.Find("d1"));
        await FleetBench.EventuallyAsync(() => bench.Count(FleetEventKind.Removed) == 1 && bench.Count(FleetEventKind.Added) == 1);
        Assert.Equal(FleetEventKind.Removed, bench.Events("d1")[^1].Kind);
    }

    [Fact]
    public async Task Apply_TheSame_DoesNothing()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(3)).BeginAsync();
        var change = await bench.Fleet.ApplyAsync(FleetBench.Specs(3));
        await bench.AdvanceAsync(2);
        Assert.Equal(3, bench.Engine.Starts.Count);
        Assert.Empty(bench.Engine.Stops);
        Assert.Empty(change.Added.Concat(change.Removed).Concat(change.Restarted).Concat(change.Updated).Concat(change.Failures));
    }

    [Fact]
    public async Task Apply_BadConfiguration_SaysEverythingAndChangesNothing()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(2)).BeginAsync();
        var change = await bench.Fleet.ApplyAsync(
            [FleetBench.Spec("d0", 9000), FleetBench.Spec("D0", 9000), FleetBench.Spec("x", 70000), FleetBench.Spec("y", 1) with { Restart = new RestartPolicy { Factor = 0 } }]);
        Assert.Equal(
            [
                "'x': port 70000 is out of range (1-65535)",
                "'y': Restart:Factor: 0 is out of range (1 to 10)",
                "the name 'd0' is given 2 times",
                "port 9000 is given to 'd0' and 'D0'",
            ],
            change.Errors);
        Assert.Equal(["d0", "d1"], bench.Fleet.Daemons.Select(d => d.Name));
        Assert.Equal(2, bench.Engine.Starts.Count);
        Assert.Empty(bench.Engine.Stops);
    }

    [Fact]
    public async Task Apply_PortsSwapped_EachGetsItsOwnInstance()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(2)).BeginAsync();
        await bench.Fleet.ApplyAsync([FleetBench.Spec("d0", 9001), FleetBench.Spec("d1", 9000)]);
        await bench.UntilAsync(() => bench.Fleet.Daemons.All(d => d.State == DaemonState.Running));
        Assert.Equal(4, bench.Engine.Starts.Count);
        Assert.Equal(bench.Engine[9001].Living?.Pid, bench["d0"].Pid);
        Assert.Equal(bench.Engine[9000].Living?.Pid, bench["d1"].Pid);
        Assert.All(bench.Fleet.Daemons, d => Assert.False(d.Adopted));
    }

    [Fact]
    public async Task Apply_ChangeOfOneThatAPersonStopped_LeavesItStopped()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();
        await bench.Fleet.StopAsync("d0", default);
        await bench.Fleet.ApplyAsync([FleetBench.Spec("d0", 9050)]);
        await bench.AdvanceAsync(5);
        Assert.Equal(DaemonState.Stopped, bench["d0"].State);
        Assert.Equal(9050, bench["d0"].Port);
        await bench.Fleet.StartAsync("d0", default);
        Assert.NotNull(bench.Engine[9050].Living);
    }

    [Fact]
    public async Task Apply_MendsWhatCouldNotStart_IsTriedAtOnce()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1), before: e => e[9000].AlwaysFails = StartupReason.CommandNotFound).BeginAsync();
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Failed);
        bench.Engine[9000].AlwaysFails = null;
        await bench.Fleet.ApplyAsync([FleetBench.Spec("d0", 9000) with { Command = "another" }]);
        await bench.UntilAsync(() => bench["d0"].State == DaemonState.Running, limit: 1);
        Assert.Empty(bench["d0"].Alerts);
    }

    [Fact]
    public async Task Apply_FleetWideOptions_HoldAtOnceAndTouchNoDaemon()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(2)).BeginAsync();
        var pids = bench.Fleet.Daemons.Select(d => d.Pid).ToList();

        var change = await bench.Fleet.ApplyAsync(
            FleetBench.Specs(2),
            FleetBench.Options with { StateDirectory = "/elsewhere", ProbeFailures = 1, ProbeInterval = TimeSpan.FromSeconds(20), StopGracePeriod = TimeSpan.FromSeconds(3) },
            default);
        await bench.AdvanceAsync(2);

        Assert.Equal(["StopGracePeriod 00:00:10 -> 00:00:03", "ProbeInterval 00:00:01 -> 00:00:20", "ProbeFailures 3 -> 1"], change.Options);
        Assert.False(change.IsEmpty);
        Assert.Equal(2, bench.Engine.Starts.Count);
        Assert.Empty(bench.Engine.Stops);
        Assert.Equal(pids, bench.Fleet.Daemons.Select(d => d.Pid));
        Assert.Equal("/nowhere/monitor-daemon-9000.log", bench["d0"].LogFile);

        bench.Engine[9000].Sick = true;

        // One failed probe is enough by now, and it comes within twenty seconds.
        await bench.UntilAsync(() => bench.Count(FleetEventKind.StateChanged) > 0 && bench.Events("d0").Any(e => e.Daemon.State == DaemonState.Unhealthy), limit: 25);
    }

    [Fact]
    public async Task Apply_Removed_AnswersHowItWasStopped()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(2)).BeginAsync();

        var change = await bench.Fleet.ApplyAsync(FleetBench.Specs(1));

        Assert.Equal(("d1", StopVerdict.Stopped), Assert.Single(change.Stops.Select(s => (s.Name, s.Verdict))));
    }

    [Fact]
    public async Task Apply_MoreThanAFleetHas_ChangesNothing()
    {
        await using var bench = await new FleetBench(FleetBench.Specs(1)).BeginAsync();

        Assert.Equal(["201 daemons are more than a fleet has (200)"], (await bench.Fleet.ApplyAsync(FleetBench.Specs(201))).Errors);
        Assert.Single(bench.Fleet.Daemons);
    }
}
