using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervision.Tests.Fleet;

public class DependencyTests
{
    private static DaemonSpec Db { get; } = FleetFixture.Spec("db", 9000);

    private static DaemonSpec Api { get; } = Needing(FleetFixture.Spec("api", 9001), "db");

    private static DaemonSpec Web { get; } = Needing(FleetFixture.Spec("web", 9002), "api");

    [Fact]
    public async Task Begin_Chain_StartsInOrderAndShowsWhomEachWaitsFor()
    {
        // The list is not in the order of the starts.
        await using var fixture = await new FleetFixture([Web, Api, Db, FleetFixture.Spec("other", 9003)], before: TakesTwoSeconds).BeginAsync();

        Assert.Equal(["db", "other"], fixture.Engine.Starts.Select(s => s.Name));
        Assert.Equal((DaemonState.Waiting, "db"), (fixture["api"].State, Assert.Single(fixture["api"].WaitingFor)));
        Assert.Equal((DaemonState.Waiting, "api"), (fixture["web"].State, Assert.Single(fixture["web"].WaitingFor)));
        Assert.Contains(DaemonProperties.Of(fixture["api"]), p => p is { Name: "monitor.waitingFor", Value: "db" });
        Assert.Contains(await fixture.EventsAsync("api"), e => e is { Kind: FleetEventKind.StateChanged, Daemon.State: DaemonState.Waiting, Message: "waits for db" });

        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));
        Assert.Equal(["db", "other", "api", "web"], fixture.Engine.Starts.Select(s => s.Name));
        Assert.Empty(fixture["web"].WaitingFor);
        Assert.All(fixture.Fleet.Daemons, d => Assert.Equal(0, d.Restarts));
    }

    [Fact]
    public async Task Restart_DependencyIsStoppedDuringTheStop_IsAnswered()
    {
        await using var fixture = await new FleetFixture([Api, Db]).BeginAsync();
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        fixture.Engine[9001].StopTakes = TimeSpan.FromSeconds(2);

        var restart = fixture.Fleet.RestartAsync("api", CancellationToken.None);
        await fixture.Fleet.StopAsync("db", CancellationToken.None);
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Waiting);

        Assert.True(restart.IsCompleted);
        Assert.Contains("'db' (stopped)", (await Assert.ThrowsAsync<FleetConflictException>(() => restart)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_NothingRuns_StartsWhatItDependsOn()
    {
        await using var fixture = await new FleetFixture([Api with { AutoStart = false }, Db with { AutoStart = false }]).BeginAsync();

        var report = await fixture.Fleet.RestartAsync("api", CancellationToken.None);

        Assert.Equal(StartupVerdict.Verified, report.Verdict);
        Assert.Equal(["db", "api"], fixture.Engine.Starts.Select(s => s.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_WaitsWhileItsInstanceIsAdopted_IsAnswered(bool unhealthy)
    {
        await using var fixture = new FleetFixture([Api, Db], before: TakesTwoSeconds);
        var living = fixture.Engine.AddInstance(9001);
        fixture.Engine[9001].ProbeTakes = TimeSpan.FromSeconds(1);
        fixture.Engine[9001].Unhealthy = unhealthy;
        await fixture.BeginAsync();

        var start = fixture.Fleet.StartAsync("api", CancellationToken.None);
        Assert.Equal((DaemonState.Waiting, false), (fixture["api"].State, start.IsCompleted));
        await fixture.UntilAsync(() => fixture["api"].Pid == living.Pid);

        Assert.True(start.IsCompleted);
        if (unhealthy)
        {
            await Assert.ThrowsAsync<FleetConflictException>(() => start);
        }
        else
        {
            Assert.Equal((StartupVerdict.AlreadyRunning, living.Pid), ((await start).Verdict, (await start).Pid));
        }
    }

    [Fact]
    public async Task Begin_ConditionStarted_WaitsForTheProcessOnly()
    {
        var worker = FleetFixture.Spec("worker", 9004) with { DependsOn = [new DaemonDependency { Name = "DB", Condition = DependencyCondition.Started }] };
        await using var fixture = new FleetFixture([worker, Api, Db], before: TakesTwoSeconds);
        fixture.Engine[9000].SpawnsAs = 77;
        await fixture.BeginAsync();

        Assert.Equal((DaemonState.Starting, DaemonState.Waiting), (fixture["worker"].State, fixture["api"].State));
    }

    [Fact]
    public async Task Begin_DependencyFails_IsNotStartedBeforeThatOneRecovers()
    {
        await using var fixture = await new FleetFixture([Api, Db], before: engine => engine[9000].AlwaysFails = StartupReason.TimedOut).BeginAsync();
        await fixture.AdvanceAsync(20);
        Assert.Equal(DaemonState.Waiting, fixture["api"].State);
        Assert.DoesNotContain(fixture.Engine.Starts, s => s.Name == "api");

        fixture.Engine[9000].AlwaysFails = null;
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        Assert.Equal(0, fixture["api"].ConsecutiveFailures);
    }

    [Fact]
    public async Task Exit_WhileTheDependencyIsDown_WaitsForIt()
    {
        await using var fixture = await new FleetFixture([Api, Db], before: TakesTwoSeconds).BeginAsync();
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        fixture.Engine.Kill(9000);
        fixture.Engine.Kill(9001);
        await fixture.AdvanceAsync(1);
        Assert.Equal((DaemonState.Starting, DaemonState.Waiting), (fixture["db"].State, fixture["api"].State));

        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        Assert.Equal((1, 2), (fixture["api"].Restarts, fixture.Engine.Starts.Count(s => s.Name == "api")));
    }

    [Theory]
    [InlineData(DependencyRestart.Nothing, 0)]
    [InlineData(DependencyRestart.Restart, 1)]
    public async Task DependencyIsRestarted_Dependant_DoesWhatItsDefinitionSays(DependencyRestart what, int restarts)
    {
        await using var fixture = await new FleetFixture([Api with { OnDependencyRestart = what }, Db], before: TakesTwoSeconds).BeginAsync();
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        var (pid, stops) = (fixture["api"].Pid, fixture.Engine.Stops.Count(name => name == "api"));
        fixture.Engine.Kill(9000);
        await fixture.AdvanceAsync(1);
        Assert.Equal(pid, fixture["api"].Pid);
        await fixture.AdvanceAsync(10);

        Assert.Equal((DaemonState.Running, restarts), (fixture["api"].State, fixture["api"].Restarts));
        Assert.Equal(restarts > 0, pid != fixture["api"].Pid);
        Assert.Equal(stops + restarts, fixture.Engine.Stops.Count(name => name == "api"));
        await fixture.AdvanceAsync(100);
        Assert.Equal(restarts, fixture["api"].Restarts);
    }

    [Fact]
    public async Task Adopted_WithItsDependency_IsNotRestarted()
    {
        await using var fixture = await new FleetFixture(
            [Api with { OnDependencyRestart = DependencyRestart.Restart }, Db],
            before: engine =>
            {
                engine.AddInstance(9001);
                engine.AddInstance(9000);
            }).BeginAsync();
        await fixture.AdvanceAsync(5);
        Assert.Empty(fixture.Engine.Starts);
        Assert.Empty(fixture.Engine.Stops);

        fixture.Engine.Kill(9000);
        await fixture.AdvanceAsync(5);
        Assert.Equal(1, fixture["api"].Restarts);
    }

    [Fact]
    public async Task End_Chain_StopsInReverse()
    {
        await using var fixture = await new FleetFixture([Db, Api, Web]).BeginAsync();
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));
        fixture.Engine[9002].StopTakes = TimeSpan.FromSeconds(2);
        var ending = fixture.Fleet.EndAsync();
        Assert.Equal(["web"], fixture.Engine.Stops);

        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        await ending;
        Assert.Equal(["web", "api", "db"], fixture.Engine.Stops);
    }

    [Fact]
    public async Task End_DependencyIsRestartedMeanwhile_RestartsNothingForIt()
    {
        await using var fixture = await new FleetFixture([Db, Api with { OnDependencyRestart = DependencyRestart.Restart }, Web]).BeginAsync();
        await fixture.UntilAsync(() => fixture.Fleet.Daemons.All(d => d.State == DaemonState.Running));
        fixture.Engine[9002].StopTakes = TimeSpan.FromSeconds(2);
        var ending = fixture.Fleet.EndAsync();

        // What ends needs the database until then, so that one is started again.
        fixture.Engine.Kill(9000);
        await fixture.AdvanceAsync(1);
        Assert.Equal((DaemonState.Running, 1), (fixture["db"].State, fixture["db"].Restarts));
        Assert.Equal(["web"], fixture.Engine.Stops);

        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        await ending;
        Assert.Equal(["web", "api", "db"], fixture.Engine.Stops);
        Assert.Equal(1, fixture.Engine.Starts.Count(s => s.Name == "api"));
    }

    [Fact]
    public async Task Start_OnRequest_StartsWhatItDependsOn()
    {
        await using var fixture = await new FleetFixture([Web with { AutoStart = false }, Api with { AutoStart = false }, Db with { AutoStart = false }], before: TakesTwoSeconds).BeginAsync();
        await fixture.AdvanceAsync(5);
        Assert.Empty(fixture.Engine.Starts);
        Assert.All(fixture.Fleet.Daemons, d => Assert.Equal((DaemonState.Stopped, false), (d.State, d.AutoStart)));

        var started = fixture.Fleet.StartAsync("web", CancellationToken.None);
        await fixture.UntilAsync(() => started.IsCompleted);
        Assert.Equal(StartupVerdict.Verified, (await started).Verdict);
        Assert.Equal(["db", "api", "web"], fixture.Engine.Starts.Select(s => s.Name));
    }

    [Fact]
    public async Task Start_OnRequest_SaysWhenADependencyCannotBeStarted()
    {
        await using var fixture = await new FleetFixture(
            [Web with { AutoStart = false }, Api with { AutoStart = false }, Db with { AutoStart = false }],
            before: engine => engine[9000].AlwaysFails = StartupReason.InvalidConfiguration).BeginAsync();
        var started = fixture.Fleet.StartAsync("web", CancellationToken.None);
        await fixture.UntilAsync(() => started.IsCompleted);
        Assert.Equal(
            "'web' waits for 'db' (failed: scripted InvalidConfiguration); it is started as soon as that one is ready",
            (await Assert.ThrowsAsync<FleetConflictException>(() => started)).Message);
        Assert.Equal(DaemonState.Waiting, fixture["web"].State);
    }

    [Fact]
    public async Task AutoStartFalse_NeededByOneThatIsStarted_IsStarted()
    {
        await using var fixture = await new FleetFixture([Api, Db with { AutoStart = false }, FleetFixture.Spec("spare", 9005) with { AutoStart = false }]).BeginAsync();
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        Assert.Equal(["db", "api"], fixture.Engine.Starts.Select(s => s.Name));
        Assert.Equal(DaemonState.Stopped, fixture["spare"].State);
    }

    [Fact]
    public async Task Restart_OfOneWhoseDependencyIsDown_KeepsWhatServes()
    {
        await using var fixture = await new FleetFixture([Api, Db]).BeginAsync();
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        await fixture.Fleet.StopAsync("db", CancellationToken.None);
        var pid = fixture["api"].Pid;
        Assert.Contains("wait for db", (await Assert.ThrowsAsync<FleetConflictException>(() => fixture.Fleet.RestartAsync("api", CancellationToken.None))).Message);
        Assert.Equal((DaemonState.Running, pid), (fixture["api"].State, fixture["api"].Pid));
    }

    [Fact]
    public async Task Apply_DependencyAdded_TouchesNoDaemonThatRuns()
    {
        await using var fixture = await new FleetFixture([Db, FleetFixture.Spec("api", 9001)]).BeginAsync();
        var pid = fixture["api"].Pid;
        var change = await fixture.Fleet.ApplyAsync([Db, Api]);
        Assert.Equal(["api"], change.Updated);
        Assert.Equal((pid, "db"), (fixture["api"].Pid, Assert.Single(fixture["api"].DependsOn)));
        Assert.Equal(2, fixture.Engine.Starts.Count);
    }

    [Fact]
    public async Task Apply_DependencyRemoved_StartsTheOneThatWaited()
    {
        await using var fixture = await new FleetFixture([Api, Db], before: engine => engine[9000].AlwaysFails = StartupReason.TimedOut).BeginAsync();
        Assert.Equal(DaemonState.Waiting, fixture["api"].State);
        await fixture.Fleet.ApplyAsync([Api with { DependsOn = [] }]);
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
    }

    [Fact]
    public async Task Apply_BothChanged_StopsInReverseAndStartsInOrder()
    {
        await using var fixture = await new FleetFixture([Api, Db]).BeginAsync();
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        await fixture.Fleet.ApplyAsync([Api with { Arguments = ["new"] }, Db with { Arguments = ["new"] }, FleetFixture.Spec("late", 9006) with { AutoStart = false }]);
        await fixture.UntilAsync(() => fixture["api"].State == DaemonState.Running);
        Assert.Equal(["api", "db"], fixture.Engine.Stops);
        Assert.Equal(["db", "api", "db", "api"], fixture.Engine.Starts.Select(s => s.Name));
        Assert.Equal(DaemonState.Stopped, fixture["late"].State);
    }

    [Theory]
    [InlineData("a>b b>c c>a", "Monitors:Daemons:0:DependsOn: the daemons wait for each other in a circle: a -> b -> c -> a")]
    [InlineData("a>a", "Monitors:Daemons:0:DependsOn: the daemons wait for each other in a circle: a -> a")]
    [InlineData("x>a a>b b>a", "Monitors:Daemons:0:DependsOn: the daemons wait for each other in a circle: a -> b -> a")]
    [InlineData("api>dbb db>", "Monitors:Daemons:0:DependsOn: there is no daemon 'dbb' in this fleet; did you mean 'db'?")]
    [InlineData("api>db,DB db>", "Monitors:Daemons:0:DependsOn: 'DB' is named twice")]
    public void Resolve_WrongDependencies_IsOneErrorThatNamesThem(string daemons, string expected)
    {
        var definitions = daemons.Split(' ').Select((text, i) => new DaemonDefinition
        {
            Name = text.Split('>')[0],
            Port = 9000 + i,
            DependsOn = [.. text.Split('>')[1].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => new DaemonDependency { Name = name })],
        });
        Assert.Empty(FleetTopology.Resolve(new MonitorsOptions { Daemons = [.. definitions] }, out var errors));
        Assert.Equal([expected], errors);
    }

    private static DaemonSpec Needing(DaemonSpec spec, params string[] names) => spec with { DependsOn = [.. names.Select(name => new DaemonDependency { Name = name })] };

    private static void TakesTwoSeconds(ScriptedEngine engine)
    {
        foreach (var port in Enumerable.Range(9000, 5))
        {
            engine[port].StartTakes = TimeSpan.FromSeconds(2);
        }
    }
}
