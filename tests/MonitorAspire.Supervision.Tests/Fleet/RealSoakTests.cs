using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Simulation.Invariants;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Random faults of real daemons. MONITOR_SOAK_SECONDS is the duration in seconds (default 10, so that a developer's run stays short). The
/// seed is printed, and MONITOR_SOAK_SEED repeats the choice of faults.
/// </summary>
public class RealSoakTests(ITestOutputHelper output)
{
    // The default policy with short times, so that crash loops begin and end within the test.
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
        var soak = new Soak(output, "real soak");
        var limit = TimeSpan.FromSeconds(Soak.Number("MONITOR_SOAK_SECONDS") ?? 10);
        await using var fixture = new RealFleetFixture(4, moods: true);
        var events = new EventChecker();
        var faults = new Faults(fixture, soak.Random);
        await using (var fleet = fixture.NewFleet(new FleetOptions
        {
            StateDirectory = fixture.StateDirectory,
            StartTimeout = TimeSpan.FromSeconds(10),
            StopGracePeriod = TimeSpan.FromMilliseconds(500),
            Probe = new ProbePolicy
            {
                Interval = TimeSpan.FromMilliseconds(200),
                Timeout = TimeSpan.FromMilliseconds(500),
                HealthLostAfter = TimeSpan.FromSeconds(2),
            },
            LookInterval = TimeSpan.FromMilliseconds(200),
            Restart = Policy,
        }))
        {
            var reading = ReadAsync(fleet, events);
            await fleet.BeginAsync();
            await RealFleetFixture.AllRunAsync(fleet);
            while (soak.Elapsed < limit)
            {
                faults.DoOne(fleet);
                await Task.Delay(soak.Random.Next(400));
            }

            await faults.EndAsync();
            await Wait.UntilAsync(() => AreAllHealthyAsync(fleet), $"every daemon verified and no alert open ({faults})");
            Assert.All(fleet.Daemons, d => Assert.Equal([d.Pid!.Value], fixture.ProcessesOf(d.Port)));
            await fleet.EndAsync();
            await reading;
        }

        soak.Report($"{faults}; {events}");
        Assert.Empty(events.Violations);
        Assert.Empty(events.OpenAlerts);
        fixture.AssertNothingLeftOver();
    }

    private static async Task ReadAsync(FleetSupervisor fleet, EventChecker events)
    {
        await foreach (var happened in fleet.WatchAsync(0, CancellationToken.None))
        {
            events.Add(happened);
        }
    }

    private static async Task<bool> AreAllHealthyAsync(FleetSupervisor fleet)
    {
        foreach (var daemon in fleet.Daemons.Where(d => d.State == DaemonState.Stopped))
        {
            await fleet.StartAsync(daemon.Name, CancellationToken.None);
        }

        return fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0, Alerts.Count: 0 });
    }

    /// <summary>The faults. Those that last go on beside the next fault.</summary>
    private sealed class Faults(RealFleetFixture fixture, Random random)
    {
        private readonly List<Task> _lasting = [];
        private readonly SortedDictionary<string, int> _done = new(StringComparer.Ordinal);

        public void DoOne(FleetSupervisor fleet)
        {
            var port = fixture.Ports[random.Next(fixture.Ports.Count)];
            var name = RealFleetFixture.Name(port);
            var pid = fixture.ProcessesOf(port).FirstOrDefault();
            var time = TimeSpan.FromMilliseconds(random.Next(2500));
            switch (random.Next(12))
            {
                case 0 or 1 or 2 when pid != 0:
                    Count("killed");
                    RealFleetFixture.Signal(pid, "KILL");
                    break;
                case 3 when pid != 0:
                    Count("stopped (SIGSTOP)");
                    RealFleetFixture.Signal(pid, "STOP");
                    break;
                case 4 when pid != 0:
                    Count("ended (SIGTERM)");
                    RealFleetFixture.Signal(pid, "TERM");
                    break;
                case 5:
                    Count("without PID file");
                    File.Delete(new DaemonFiles(fixture.StateDirectory, port).PidFile);
                    break;
                case 6:
                    Count("without record");
                    File.Delete(new DaemonFiles(fixture.StateDirectory, port).InstanceFile);
                    break;
                case 7:
                    Count("blocked while stopped");
                    Last(BlockStoppedAsync(fleet, name, port, time));
                    break;
                case 8 when pid != 0:
                    Count("blocked while killed");
                    Last(BlockKilledAsync(pid, port, time));
                    break;
                case 9:
                    Count("hung");
                    Last(MoodAsync(port, "hang", time));
                    break;
                case 10:
                    Count("unhealthy (503)");
                    Last(MoodAsync(port, "503", time));
                    break;
                case 11:
                    Count("restarted on request");
                    Last(fleet.RestartAsync(name, CancellationToken.None));
                    break;
            }
        }

        /// <summary>Waits for the faults that last, and ends them.</summary>
        public async Task EndAsync()
        {
            foreach (var lasting in _lasting)
            {
                try
                {
                    await lasting.WaitAsync(Wait.Generous);
                }
                catch (Exception e) when (e is FleetConflictException or SocketException)
                {
                    // Another fault came first.
                }
            }

            foreach (var port in fixture.Ports)
            {
                File.Delete(fixture.MoodFile(port));
            }
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{_done.Values.Sum()} faults ({string.Join(", ", _done.Select(d => $"{d.Value} {d.Key}"))})");

        private void Count(string fault) => _done[fault] = _done.GetValueOrDefault(fault) + 1;

        private void Last(Task fault) => _lasting.Add(fault);

        /// <summary>A foreign process takes the port of a stopped daemon, which is started meanwhile.</summary>
        private static async Task BlockStoppedAsync(FleetSupervisor fleet, string name, int port, TimeSpan time)
        {
            await fleet.StopAsync(name, CancellationToken.None);
            using var foreign = new TcpListener(IPAddress.Loopback, port);
            foreign.Start();
            await fleet.StartAsync(name, CancellationToken.None);
            await Task.Delay(time);
        }

        /// <summary>A foreign process takes the port before the restart.</summary>
        private static async Task BlockKilledAsync(int pid, int port, TimeSpan time)
        {
            RealFleetFixture.Signal(pid, "KILL");
            using var foreign = new TcpListener(IPAddress.Loopback, port);
            foreign.Start();
            await Task.Delay(time);
        }

        private async Task MoodAsync(int port, string mood, TimeSpan time)
        {
            await File.WriteAllTextAsync(fixture.MoodFile(port), mood);
            await Task.Delay(time);
            File.Delete(fixture.MoodFile(port));
        }
    }
}
