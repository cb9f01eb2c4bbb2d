using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>Real daemons, real signals, and supervisors that are really killed. Linux only: they look at <c>/proc</c>.</summary>
public class RealFleetTests
{
    [Fact]
    public async Task Kill9_OneOfFour_GetsANewPidAndTheOthersKeepTheirs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var bench = new RealFleetBench(4);
        await using var fleet = bench.NewFleet();
        await fleet.BeginAsync();
        await RealFleetBench.AllRunAsync(fleet);
        var pids = fleet.Daemons.ToDictionary(d => d.Name, d => d.Pid!.Value);
        var victim = fleet.Daemons[2].Name;

        RealFleetBench.Signal(pids[victim], "KILL");
        await Wait.UntilAsync(() => fleet.Find(victim) is { State: DaemonState.Running } d && d.Pid != pids[victim], "a new instance");

        Assert.Equal(1, fleet.Find(victim)!.Restarts);
        Assert.Equal(9, fleet.Find(victim)!.LastFailure?.Signal);
        Assert.All(fleet.Daemons.Where(d => d.Name != victim), d => Assert.Equal(pids[d.Name], d.Pid));
        Assert.All(bench.Ports, p => Assert.Single(bench.ProcessesOf(p)));

        await fleet.EndAsync();
        Assert.All(bench.Ports, p => Assert.Empty(bench.ProcessesOf(p)));
        Assert.All(bench.Ports, p => Assert.True(FreePort.IsFree(p)));
        Assert.Empty(Directory.GetFiles(bench.StateDirectory, "*.pid"));
    }

    [Fact]
    public async Task Sigstop_OneDaemon_IsUnhealthyAndReplaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var bench = new RealFleetBench(2);
        await using var fleet = bench.NewFleet(new FleetOptions
        {
            StateDirectory = bench.StateDirectory,
            StopGracePeriod = TimeSpan.FromSeconds(1),
            ProbeInterval = TimeSpan.FromMilliseconds(200),
            ProbeTimeout = TimeSpan.FromMilliseconds(500),
        });
        var events = fleet.WatchAsync(0, CancellationToken.None);
        await fleet.BeginAsync();
        await RealFleetBench.AllRunAsync(fleet);
        var (hung, other) = (fleet.Daemons[0], fleet.Daemons[1]);

        RealFleetBench.Signal(hung.Pid!.Value, "STOP");
        await Wait.UntilAsync(() => fleet.Find(hung.Name) is { State: DaemonState.Running } d && d.Pid != hung.Pid, "a new instance");
        Assert.Equal(StartupReason.HealthUnreachable, fleet.Find(hung.Name)!.LastFailure?.Reason);
        Assert.Equal(other.Pid, fleet.Find(other.Name)!.Pid);
        Assert.Single(bench.ProcessesOf(hung.Port));

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
    public async Task PidFile_RemovedAndRewritten_IsRepairedWithoutARestart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var bench = new RealFleetBench(1);
        await using var fleet = bench.NewFleet();
        await fleet.BeginAsync();
        await RealFleetBench.AllRunAsync(fleet);
        var pid = fleet.Daemons[0].Pid!.Value;
        var file = new DaemonFiles(bench.StateDirectory, bench.FirstPort).PidFile;

        File.Delete(file);
        await Wait.UntilAsync(() => Names(pid), "the PID file again");
        await File.WriteAllTextAsync(file, "1\n");
        await Wait.UntilAsync(() => Names(pid), "the PID file with the right PID");
        Assert.Equal(pid, fleet.Daemons[0].Pid);
        Assert.Equal(0, fleet.Daemons[0].Restarts);

        bool Names(int expected) => File.Exists(file) && File.ReadAllText(file) == string.Create(CultureInfo.InvariantCulture, $"{expected}\n");
    }

    [Fact]
    public async Task StateDirectory_RemovedWhileRunning_IsMadeAnewAndTheDaemonIsStoppedInTheEnd()
    {
        await using var bench = new RealFleetBench(1);
        var fleet = bench.NewFleet();
        await using (fleet)
        {
            await fleet.BeginAsync();
            await RealFleetBench.AllRunAsync(fleet);
            var pid = fleet.Daemons[0].Pid;
            Directory.Delete(bench.StateDirectory, recursive: true);

            await Wait.UntilAsync(() => File.Exists(new DaemonFiles(bench.StateDirectory, bench.FirstPort).InstanceFile), "the record is back");
            await RealFleetBench.AllRunAsync(fleet);
            Assert.Equal(pid, fleet.Daemons[0].Pid);
            Assert.Equal(0, fleet.Daemons[0].Restarts);
        }

        Assert.Empty(bench.ProcessesOf(bench.FirstPort));
    }

    [Fact]
    public async Task ForeignPort_WhenItIsFreed_TheDaemonStartsByItself()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var bench = new RealFleetBench(1);
        await using var fleet = bench.NewFleet();
        using (var foreign = new TcpListener(IPAddress.Loopback, bench.FirstPort))
        {
            foreign.Start();
            await fleet.BeginAsync();
            await Wait.UntilAsync(() => fleet.Daemons[0].State == DaemonState.Foreign, "foreign");
            Assert.Equal(StartupReason.PortInUse, fleet.Daemons[0].LastFailure?.Reason);
        }

        await RealFleetBench.AllRunAsync(fleet);
    }

    [Fact]
    public async Task SupervisorKilled_TheNextAdoptsWhatLivesAndStartsWhatDied()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        await using var bench = new RealFleetBench(4);
        await using var first = bench.NewSupervisor();
        await Wait.UntilAsync(() => first.Running().Count == 4, "four verified daemons");

        // One restart, to see that it is remembered.
        var restarted = RealFleetBench.Name(bench.Ports[0]);
        var before = first.Running()[restarted];
        RealFleetBench.Signal(before, "KILL");
        await Wait.UntilAsync(() => first.Running().TryGetValue(restarted, out var pid) && pid != before, "a restart");
        var pids = first.Running();

        await first.KillAsync();
        var died = RealFleetBench.Name(bench.Ports[1]);
        RealFleetBench.Signal(pids[died], "KILL");
        Assert.All(bench.Ports.Where(p => RealFleetBench.Name(p) != died), p => Assert.Single(bench.ProcessesOf(p)));

        await using var second = bench.NewSupervisor();
        await Wait.UntilAsync(() => second.Running().Count == 4, "four daemons again");
        var adopted = second.Events.Where(e => e[0] == nameof(FleetEventKind.Adopted)).ToList();
        Assert.Equal(3, adopted.Count);
        Assert.All(adopted, e => Assert.Equal(pids[e[1]], int.Parse(e[3], CultureInfo.InvariantCulture)));
        Assert.Equal("1", adopted.Single(e => e[1] == restarted)[4]);
        Assert.NotEqual(pids[died], second.Running()[died]);
        Assert.All(bench.Ports, p => Assert.Single(bench.ProcessesOf(p)));

        await second.EndAsync();
        Assert.All(bench.Ports, p => Assert.Empty(bench.ProcessesOf(p)));
        Assert.Empty(Directory.GetFiles(bench.StateDirectory, "*.pid"));
    }
}
