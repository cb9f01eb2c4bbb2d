using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Real daemons that are killed, stopped, hung and blocked at random. MONITOR_SOAK_SECONDS says for how long (default 10, so that the
/// gate stays short); the seed is printed, and MONITOR_SOAK_SEED repeats the choice of faults.
/// </summary>
public class RealSoakTests(ITestOutputHelper output)
{
    // The default policy in small, so that crash loops begin and end within the test.
    private static readonly RestartPolicy Policy = new()
    {
        MaxDelay = TimeSpan.FromSeconds(1),
        ResetAfter = TimeSpan.FromSeconds(2),
        BudgetWindow = TimeSpan.FromSeconds(5),
        Budget = 4,
    };

    [Fact]
    public async Task RandomFaults_EndWithEveryDaemonVerifiedAndNothingLeftOver()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        var seconds = Number("MONITOR_SOAK_SECONDS") ?? 10;
        var seed = Number("MONITOR_SOAK_SEED") ?? Random.Shared.Next();
        output.WriteLine($"seed {seed}, {seconds} s");
        var random = new Random(seed);
        await using var bench = new RealFleetBench(4);
        var events = new List<FleetEvent>();
        await using (var fleet = bench.NewFleet(new FleetOptions
        {
            StateDirectory = bench.StateDirectory,
            StopGracePeriod = TimeSpan.FromMilliseconds(500),
            ProbeInterval = TimeSpan.FromMilliseconds(200),
            ProbeTimeout = TimeSpan.FromMilliseconds(500),
            HealthLostAfter = TimeSpan.FromSeconds(2),
            LookInterval = TimeSpan.FromMilliseconds(200),
            Restart = Policy,
        }))
        {
            var reading = ReadAsync(fleet, events);
            await fleet.BeginAsync();
            await RealFleetBench.AllRunAsync(fleet);
            var harms = 0;
            for (var watch = Stopwatch.StartNew(); watch.Elapsed.TotalSeconds < seconds; harms++)
            {
                await HarmAsync(bench, fleet, random);
                await Task.Delay(random.Next(400));
            }

            await Wait.UntilAsync(() => MendedAsync(fleet), "every daemon verified and no alert open");
            Assert.All(fleet.Daemons, d => Assert.Equal([d.Pid!.Value], bench.ProcessesOf(d.Port)));
            await fleet.EndAsync();
            await reading;
            output.WriteLine($"{harms} faults, {events.Count} events, {events.Count(e => e.Kind == FleetEventKind.AlertFired)} alerts, {fleet.Daemons.Sum(d => d.Restarts)} restarts");
        }

        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Id));
        Assert.All(
            events.Where(e => e.Alert is not null).GroupBy(e => (e.Daemon.Name, e.Alert!.Kind)),
            story => Assert.Equal(story.Select((_, i) => i % 2 == 0 ? AlertState.Fired : AlertState.Resolved), story.Select(e => e.Alert!.State)));
        Assert.DoesNotContain(events.GroupBy(e => e.Daemon.Name), life => life.Last().Daemon.Alerts.Count > 0);
        Assert.All(bench.Ports, port =>
        {
            Assert.Empty(bench.ProcessesOf(port));
            Assert.True(FreePort.IsFree(port));
            Assert.NotEqual(true, InstanceLock.IsHeld(new DaemonFiles(bench.StateDirectory, port).LockFile));
            Assert.False(File.Exists(new DaemonFiles(bench.StateDirectory, port).PidFile));
        });
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var value) ? value : null;

    private static async Task ReadAsync(FleetSupervisor fleet, List<FleetEvent> events)
    {
        await foreach (var happened in fleet.WatchAsync(0, CancellationToken.None))
        {
            events.Add(happened);
        }
    }

    private static async Task HarmAsync(RealFleetBench bench, FleetSupervisor fleet, Random random)
    {
        var port = bench.Ports[random.Next(bench.Ports.Count)];
        var name = RealFleetBench.Name(port);
        var what = random.Next(8);
        var pid = bench.ProcessesOf(port).FirstOrDefault();
        switch (what)
        {
            case 0 or 1 or 2 when pid != 0:
                RealFleetBench.Signal(pid, "KILL");
                break;
            case 3 when pid != 0:
                RealFleetBench.Signal(pid, "STOP");
                break;
            case 4 when pid != 0:
                RealFleetBench.Signal(pid, "TERM");
                break;
            case 5:
                File.Delete(new DaemonFiles(bench.StateDirectory, port).PidFile);
                break;
            case 6:
                await BlockAsync(fleet, name, port, TimeSpan.FromMilliseconds(random.Next(1500)));
                break;
            case 7:
                _ = fleet.RestartAsync(name, CancellationToken.None).ContinueWith(t => t.Exception, TaskScheduler.Default);
                break;
        }
    }

    /// <summary>Somebody else takes the port of a daemon that is stopped, and it is started while he has it.</summary>
    private static async Task BlockAsync(FleetSupervisor fleet, string name, int port, TimeSpan time)
    {
        try
        {
            await fleet.StopAsync(name, CancellationToken.None);
            using var foreign = new TcpListener(IPAddress.Loopback, port);
            foreign.Start();
            await fleet.StartAsync(name, CancellationToken.None);
            await Task.Delay(time);
        }
        catch (Exception e) when (e is FleetConflictException or SocketException)
        {
            // Another fault was faster.
        }
    }

    private static async Task<bool> MendedAsync(FleetSupervisor fleet)
    {
        foreach (var daemon in fleet.Daemons.Where(d => d.State == DaemonState.Stopped))
        {
            await fleet.StartAsync(daemon.Name, CancellationToken.None);
        }

        return fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0, Alerts.Count: 0 });
    }
}
