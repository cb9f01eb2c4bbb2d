using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervision.Tests.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>Real daemons, real signals and killed supervisors. Linux only: they look at <c>/proc</c>.</summary>
public class RealFleetTests
{
    [Fact]
    public async Task Kill9_OneOfFour_GetsANewPidAndTheOthersKeepTheirs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(4);
        await using var fleet = fixture.NewFleet();
        await fleet.BeginAsync();
        await RealFleetFixture.AllRunAsync(fleet);
        var pids = fleet.Daemons.ToDictionary(d => d.Name, d => d.Pid!.Value);
        var victim = fleet.Daemons[2].Name;

        RealFleetFixture.Signal(pids[victim], "KILL");
        await Wait.UntilAsync(() => fleet.Find(victim) is { State: DaemonState.Running } d && d.Pid != pids[victim], "a new instance");

        Assert.Equal(1, fleet.Find(victim)!.Restarts);
        Assert.Equal(9, fleet.Find(victim)!.LastFailure?.Signal);
        Assert.All(fleet.Daemons.Where(d => d.Name != victim), d => Assert.Equal(pids[d.Name], d.Pid));
        Assert.All(fixture.Ports, p => Assert.Single(fixture.ProcessesOf(p)));

        await fleet.EndAsync();
        Assert.All(fixture.Ports, p => Assert.Empty(fixture.ProcessesOf(p)));
        Assert.All(fixture.Ports, p => Assert.True(FreePort.IsFree(p)));
        Assert.Empty(Directory.GetFiles(fixture.StateDirectory, "*.pid"));
    }

    [Fact]
    public async Task Probe_503WithABody_IsInTheStateTheFailureThePropertiesAndTheDiagnosis()
    {
        await using var fixture = new RealFleetFixture(1, moods: true, _ => ["--body", "database unreachable\ndb:5432 refused"]);
        await using var fleet = fixture.NewFleet();
        var unhealthy = await UnhealthyAsync(fixture, fleet);

        var check = unhealthy.Checks.Single(c => c.Name == CheckName.Health);
        Assert.Matches("GET /health: 503 after [0-9.]+ m?s: 'database unreachable'", check.Detail);
        Assert.All([check.Answer, unhealthy.LastFailure!.HealthAnswer], answer => Assert.Equal((503, "database unreachable", "db:5432 refused"), (answer!.Status, answer.Body[0], answer.Body[1])));
        var shown = DaemonProperties.Of(unhealthy).ToDictionary(p => p.Name, p => p.Value);
        Assert.EndsWith("\ndatabase unreachable\ndb:5432 refused", shown["monitor.health.answer"], StringComparison.Ordinal);
        Assert.StartsWith("503 after ", shown["monitor.lastFailure.answer"], StringComparison.Ordinal);
        Assert.Contains("db:5432 refused", DaemonDiagnosisMarkdown.Render(new DaemonDiagnosis { At = DateTimeOffset.UnixEpoch, Daemon = unhealthy, NextStep = "", Files = [], Findings = [] }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_503ThatQuotesASecretArgument_IsShownWithoutIt()
    {
        await using var fixture = new RealFleetFixture(1, moods: true, _ => ["--body", "TOKEN=quoted-by-the-daemon"]);
        await using var fleet = fixture.NewFleet();
        var unhealthy = await UnhealthyAsync(fixture, fleet);

        var shown = System.Text.Json.JsonSerializer.Serialize(unhealthy, SupervisionJson.Default.DaemonSnapshot);
        Assert.Contains("TOKEN=***", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("quoted-by-the-daemon", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_LimitsOfOneDaemon_AreItsOwn()
    {
        await using var fixture = new RealFleetFixture(1, faults: _ => ["--answer-delay", "400"]);
        await using var hasty = fixture.NewFleet(health: new HealthCheck { Liveness = new CheckLimits { Timeout = TimeSpan.FromMilliseconds(100), Failures = 1000 } });
        await hasty.BeginAsync();

        await Wait.UntilAsync(() => hasty.Daemons is [{ State: DaemonState.Unhealthy, ProbeFailures: > 3 }], "its own limits hold, and not the three failures of the fleet");

        Assert.Contains("no answer within 100 ms; connected after", hasty.Daemons[0].LastFailure!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HandOver_NewMainProcessOnTheSameSocket_IsFollowedAndNothingIsRestarted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(1);
        await using var fleet = fixture.NewFleet();
        await fleet.BeginAsync();
        var port = FreePort.Next();
        var server = Path.Combine(AppContext.BaseDirectory, "prefork.py");
        await fleet.ApplyAsync([new DaemonSpec { Name = "prefork", Port = port, Command = "python3", Arguments = [server, "--port", "{port}"] }]);
        await Wait.UntilAsync(() => fleet.Find("prefork")?.State == DaemonState.Running, "it runs");
        var old = fleet.Find("prefork")!.Pid!.Value;

        RealFleetFixture.Signal(old, "USR2");
        var lockFile = new DaemonFiles(fixture.StateDirectory, port).LockFile;
        await Wait.UntilAsync(() => ProcessTable.Current.LockHolders(lockFile).Count == 6, "two main processes with two workers each");
        RealFleetFixture.Signal(old, "QUIT");
        await Wait.UntilAsync(() => fleet.Find("prefork") is { State: DaemonState.Running, Pid: { } pid } && pid != old, "the new main process");

        Assert.Equal(0, fleet.Find("prefork")!.Restarts);
        await fleet.EndAsync();
        Assert.True(FreePort.IsFree(port));
    }

    [Fact]
    public async Task Kill9_MainProcessWithWorkers_IsOneRestart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(1);
        await using var fleet = fixture.NewFleet();
        await fleet.BeginAsync();
        var port = FreePort.Next();
        var server = Path.Combine(AppContext.BaseDirectory, "prefork.py");
        await fleet.ApplyAsync([new DaemonSpec { Name = "prefork", Port = port, Command = "python3", Arguments = [server, "--port", "{port}", "--ignore-term", "--leave-session"] }]);
        await Wait.UntilAsync(() => fleet.Find("prefork")?.State == DaemonState.Running, "it runs");
        var old = fleet.Find("prefork")!.Pid!.Value;
        var lockFile = new DaemonFiles(fixture.StateDirectory, port).LockFile;
        await Wait.UntilAsync(() => ProcessTable.Current.LockHolders(lockFile).Count == 3, "main process and two workers");
        var workers = ProcessTable.Current.LockHolders(lockFile).Where(pid => pid != old).ToList();

        RealFleetFixture.Signal(old, "KILL");
        await Wait.UntilAsync(() => fleet.Find("prefork") is { State: DaemonState.Running, Pid: { } pid } && pid != old, "the new main process");

        Assert.Equal(1, fleet.Find("prefork")!.Restarts);
        Assert.All(workers, pid => Assert.Equal(ProcessPresence.Dead, ProcessTable.Current.Lookup(pid).Presence));
        await fleet.EndAsync();
        Assert.True(FreePort.IsFree(port));
    }

    [Fact]
    public async Task Begin_MainProcessOfADaemonThatIsNotConfiguredAnyMoreIsDead_ItsWorkersAreStopped()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new EngineFixture();
        var engine = new DaemonEngine(new EngineOptions { StateDirectory = fixture.StateDirectory, Fleet = "shop" }, NullLogger<DaemonEngine>.Instance);
        var server = Path.Combine(AppContext.BaseDirectory, "prefork.py");
        DaemonSpec[] specs = [.. Enumerable.Range(0, 2).Select(_ => fixture.Spec("python3", server, "--port", "{port}", "--ignore-term", "--leave-session"))];
        foreach (var spec in specs)
        {
            var main = (await engine.StartAsync(spec, new StartOptions(), CancellationToken.None)).Report.Pid!.Value;
            await Wait.UntilAsync(() => HoldersOf(spec).Count == 3, "main process and two workers");
            RealFleetFixture.Signal(main, "KILL");
            await Wait.UntilAsync(() => HoldersOf(spec).Count == 2, "only its workers are left");
        }

        // The supervisor of another fleet leaves them alone.
        var (own, others) = (specs[0], specs[1]);
        var record = fixture.Files(others.Port).InstanceFile;
        (InstanceRecord.Read(record)! with { Fleet = "other" }).Write(record);
        var lines = new List<string>();
        var options = new FleetOptions { StateDirectory = fixture.StateDirectory, Fleet = "shop", StopGracePeriod = TimeSpan.FromMilliseconds(100) };
        await using var fleet = new FleetSupervisor(new FleetParts(engine, options, new FleetFixture.LineLogger(lines), TimeProvider.System, null, null, null), []);
        await fleet.BeginAsync();
        await fleet.EndAsync();

        fixture.AssertNothingLeft(own, pid: null);
        Assert.True(FreePort.IsFree(own.Port));
        Assert.Equal(2, HoldersOf(others).Count);
        Assert.Contains($"{own.Name} (port {own.Port}) is of this fleet", Assert.Single(lines), StringComparison.Ordinal);

        IReadOnlyList<int> HoldersOf(DaemonSpec spec) => ProcessTable.Current.LockHolders(fixture.Files(spec.Port).LockFile);
    }

    [Fact]
    public async Task Record_Removed_IsWrittenAgainWithoutARestart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(1);
        await using var fleet = fixture.NewFleet();
        await fleet.BeginAsync();
        await RealFleetFixture.AllRunAsync(fleet);
        var file = new DaemonFiles(fixture.StateDirectory, fixture.FirstPort).InstanceFile;
        var before = InstanceRecord.Read(file)!;

        File.Delete(file);
        await Wait.UntilAsync(() => InstanceRecord.Read(file) is not null, "the record again");

        var after = InstanceRecord.Read(file)!;
        Assert.Equal((before.Identity, before.InstanceId, before.Name), (after.Identity, after.InstanceId, after.Name));
        Assert.Equal((before.Pid, 0), (fleet.Daemons[0].Pid, fleet.Daemons[0].Restarts));
    }

    [Fact]
    public async Task Sigstop_OneDaemon_IsUnhealthyAndReplaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(2);
        await using var fleet = fixture.NewFleet(new FleetOptions
        {
            StateDirectory = fixture.StateDirectory,
            StopGracePeriod = TimeSpan.FromSeconds(1),
            Probe = new ProbePolicy { Interval = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromMilliseconds(500) },
        });
        var events = fleet.WatchAsync(0, CancellationToken.None);
        await fleet.BeginAsync();
        await RealFleetFixture.AllRunAsync(fleet);
        var (hung, other) = (fleet.Daemons[0], fleet.Daemons[1]);

        RealFleetFixture.Signal(hung.Pid!.Value, "STOP");
        await Wait.UntilAsync(() => fleet.Find(hung.Name) is { State: DaemonState.Running } d && d.Pid != hung.Pid, "a new instance");
        Assert.Equal(StartupReason.HealthUnreachable, fleet.Find(hung.Name)!.LastFailure?.Reason);
        Assert.Equal(other.Pid, fleet.Find(other.Name)!.Pid);
        Assert.Single(fixture.ProcessesOf(hung.Port));

        await fleet.EndAsync();
        var states = new List<DaemonState>();
        await foreach (var happened in events)
        {
            if (happened.Daemon.Name == hung.Name)
            {
                states.Add(happened.Daemon.State);
            }
        }

        Assert.Contains(DaemonState.Unhealthy, states);
    }

    [Fact]
    public async Task SocketClosed_ProcessLivesOn_IsReplaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        using var directory = new TemporaryDirectory();
        await using var fixture = new RealFleetFixture(1, faults: _ => ["--drain", directory["ends"]]);
        await using var fleet = fixture.NewFleet();
        await fleet.BeginAsync();
        await RealFleetFixture.AllRunAsync(fleet);

        RealFleetFixture.Signal(fleet.Daemons[0].Pid!.Value, "TERM");
        await Wait.UntilAsync(() => fleet.Daemons[0].Restarts > 0, "a restart");

        Assert.Equal(StartupReason.PortNotBound, fleet.Daemons[0].LastFailure?.Reason);
    }

    [Fact]
    public async Task Begin_SixThatHang_HoldUpNoOther()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(7, faults: i => i < 6 ? ["--hang"] : []);
        await using var fleet = fixture.NewFleet(new FleetOptions
        {
            StateDirectory = fixture.StateDirectory,
            StartTimeout = TimeSpan.FromMinutes(5),
            StopGracePeriod = TimeSpan.FromSeconds(1),
        });
        await fleet.BeginAsync();

        await Wait.UntilAsync(() => fleet.Daemons[6].State == DaemonState.Running, "the last one");

        Assert.All(fleet.Daemons.Take(6), d => Assert.Equal(DaemonState.Starting, d.State));
    }

    [Fact]
    public async Task PidFile_RemovedAndRewritten_IsRepairedWithoutARestart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(1);
        await using var fleet = fixture.NewFleet();
        await fleet.BeginAsync();
        await RealFleetFixture.AllRunAsync(fleet);
        var pid = fleet.Daemons[0].Pid!.Value;
        var file = new DaemonFiles(fixture.StateDirectory, fixture.FirstPort).PidFile;

        File.Delete(file);
        await Wait.UntilAsync(() => Names(pid), "the PID file again");
        await File.WriteAllTextAsync(file, "1\n");
        await Wait.UntilAsync(() => Names(pid), "the PID file with the right PID");
        Assert.Equal(pid, fleet.Daemons[0].Pid);
        Assert.Equal(0, fleet.Daemons[0].Restarts);

        bool Names(int expected) => File.Exists(file) && File.ReadAllText(file) == string.Create(CultureInfo.InvariantCulture, $"{expected}\n");
    }

    [Fact]
    public async Task StateDirectory_RemovedWhileRunning_IsCreatedAgainAndTheDaemonIsStoppedAtTheEnd()
    {
        await using var fixture = new RealFleetFixture(1);
        var fleet = fixture.NewFleet();
        await using (fleet)
        {
            await fleet.BeginAsync();
            await RealFleetFixture.AllRunAsync(fleet);
            var pid = fleet.Daemons[0].Pid;
            Directory.Delete(fixture.StateDirectory, recursive: true);

            await Wait.UntilAsync(() => File.Exists(new DaemonFiles(fixture.StateDirectory, fixture.FirstPort).InstanceFile), "the record is back");
            await RealFleetFixture.AllRunAsync(fleet);
            Assert.Equal(pid, fleet.Daemons[0].Pid);
            Assert.Equal(0, fleet.Daemons[0].Restarts);
        }

        Assert.Empty(fixture.ProcessesOf(fixture.FirstPort));
    }

    [Fact]
    public async Task ForeignPort_WhenItIsFreed_TheDaemonStartsByItself()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(1);
        await using var fleet = fixture.NewFleet();
        using (var foreign = new TcpListener(IPAddress.Loopback, fixture.FirstPort))
        {
            foreign.Start();
            await fleet.BeginAsync();
            await Wait.UntilAsync(() => fleet.Daemons[0].State == DaemonState.Foreign, "foreign");
            Assert.Equal(StartupReason.PortInUse, fleet.Daemons[0].LastFailure?.Reason);
        }

        await RealFleetFixture.AllRunAsync(fleet);
    }

    [Fact]
    public async Task SupervisorKilled_TheNextAdoptsWhatLivesAndStartsWhatDied()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var fixture = new RealFleetFixture(4);
        await using var first = fixture.NewSupervisor();
        await Wait.UntilAsync(() => first.Running().Count == 4, "four verified daemons");

        // One restart: the next supervisor must know of it.
        var restarted = RealFleetFixture.Name(fixture.Ports[0]);
        var before = first.Running()[restarted];
        RealFleetFixture.Signal(before, "KILL");
        await Wait.UntilAsync(() => first.Running().TryGetValue(restarted, out var pid) && pid != before, "a restart");
        var pids = first.Running();

        await first.KillAsync();
        var died = RealFleetFixture.Name(fixture.Ports[1]);
        RealFleetFixture.Signal(pids[died], "KILL");
        Assert.All(fixture.Ports.Where(p => RealFleetFixture.Name(p) != died), p => Assert.Single(fixture.ProcessesOf(p)));

        await using var second = fixture.NewSupervisor();
        await Wait.UntilAsync(() => second.Running().Count == 4, "four daemons again");
        var adopted = second.Events.Where(e => e[0] == nameof(FleetEventKind.Adopted)).ToList();
        Assert.Equal(3, adopted.Count);
        Assert.All(adopted, e => Assert.Equal(pids[e[1]], int.Parse(e[3], CultureInfo.InvariantCulture)));
        Assert.Equal("1", adopted.Single(e => e[1] == restarted)[4]);
        Assert.NotEqual(pids[died], second.Running()[died]);
        Assert.All(fixture.Ports, p => Assert.Single(fixture.ProcessesOf(p)));

        await second.EndAsync();
        Assert.All(fixture.Ports, p => Assert.Empty(fixture.ProcessesOf(p)));
        Assert.Empty(Directory.GetFiles(fixture.StateDirectory, "*.pid"));
    }

    /// <summary>Runs the fleet of one daemon, lets it answer 503, and returns its state with the failure.</summary>
    private static async Task<DaemonSnapshot> UnhealthyAsync(RealFleetFixture fixture, FleetSupervisor fleet)
    {
        await fleet.BeginAsync();
        await RealFleetFixture.AllRunAsync(fleet);

        await File.WriteAllTextAsync(fixture.MoodFile(fixture.FirstPort), "503", TestContext.Current.CancellationToken);
        DaemonSnapshot? unhealthy = null;
        await Wait.UntilAsync(() => fleet.Daemons is [{ State: DaemonState.Unhealthy, LastFailure: not null } seen] && (unhealthy = seen) is not null, "it is unhealthy");
        return unhealthy!;
    }
}
