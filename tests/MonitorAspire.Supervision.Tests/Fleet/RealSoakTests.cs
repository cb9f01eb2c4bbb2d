using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Real daemons that are killed, stopped, hung and blocked at random. MONITOR_SOAK_SECONDS says for how long (default 10, so that a
/// developer's run stays short); the seed is printed, and MONITOR_SOAK_SEED repeats the choice of faults.
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
        var soak = new Soak(output, "real soak");
        var limit = TimeSpan.FromSeconds(Soak.Number("MONITOR_SOAK_SECONDS") ?? 10);
        await using var bench = new RealFleetBench(4, moods: true);
        var story = new FleetStory();
        var harm = new Harm(bench, soak.Random);
        await using (var fleet = bench.NewFleet(new FleetOptions
        {
            StateDirectory = bench.StateDirectory,
            StartTimeout = TimeSpan.FromSeconds(10),
            StopGracePeriod = TimeSpan.FromMilliseconds(500),
            ProbeInterval = TimeSpan.FromMilliseconds(200),
            ProbeTimeout = TimeSpan.FromMilliseconds(500),
            HealthLostAfter = TimeSpan.FromSeconds(2),
            LookInterval = TimeSpan.FromMilliseconds(200),
            Restart = Policy,
        }))
        {
            var reading = ReadAsync(fleet, story);
            await fleet.BeginAsync();
            await RealFleetBench.AllRunAsync(fleet);
            while (soak.Elapsed < limit)
            {
                harm.DoOne(fleet);
                await Task.Delay(soak.Random.Next(400));
            }

            await harm.EndAsync();
            await Wait.UntilAsync(() => MendedAsync(fleet), $"every daemon verified and no alert open ({harm})");
            Assert.All(fleet.Daemons, d => Assert.Equal([d.Pid!.Value], bench.ProcessesOf(d.Port)));
            await fleet.EndAsync();
            await reading;
        }

        soak.Tell($"{harm}; {story}");
        story.AssertSound();
        bench.AssertNothingLeftOver();
    }

    private static async Task ReadAsync(FleetSupervisor fleet, FleetStory story)
    {
        await foreach (var happened in fleet.WatchAsync(0, CancellationToken.None))
        {
            story.Add(happened);
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

    /// <summary>What is done to the daemons. What lasts goes on beside the next fault.</summary>
    private sealed class Harm(RealFleetBench bench, Random random)
    {
        private readonly List<Task> _lasting = [];
        private readonly SortedDictionary<string, int> _done = new(StringComparer.Ordinal);

        public void DoOne(FleetSupervisor fleet)
        {
            var port = bench.Ports[random.Next(bench.Ports.Count)];
            var name = RealFleetBench.Name(port);
            var pid = bench.ProcessesOf(port).FirstOrDefault();
            var time = TimeSpan.FromMilliseconds(random.Next(2500));
            switch (random.Next(12))
            {
                case 0 or 1 or 2 when pid != 0:
                    Count("killed");
                    RealFleetBench.Signal(pid, "KILL");
                    break;
                case 3 when pid != 0:
                    Count("stopped (SIGSTOP)");
                    RealFleetBench.Signal(pid, "STOP");
                    break;
                case 4 when pid != 0:
                    Count("ended (SIGTERM)");
                    RealFleetBench.Signal(pid, "TERM");
                    break;
                case 5:
                    Count("without PID file");
                    File.Delete(new DaemonFiles(bench.StateDirectory, port).PidFile);
                    break;
                case 6:
                    Count("without record");
                    File.Delete(new DaemonFiles(bench.StateDirectory, port).InstanceFile);
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
                    Count("sick (503)");
                    Last(MoodAsync(port, "503", time));
                    break;
                case 11:
                    Count("restarted on request");
                    Last(fleet.RestartAsync(name, CancellationToken.None));
                    break;
            }
        }

        /// <summary>Waits until nothing is done to them any more.</summary>
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
                    // Another fault was faster.
                }
            }

            foreach (var port in bench.Ports)
            {
                File.Delete(bench.MoodFile(port));
            }
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{_done.Values.Sum()} faults ({string.Join(", ", _done.Select(d => $"{d.Value} {d.Key}"))})");

        private void Count(string fault) => _done[fault] = _done.GetValueOrDefault(fault) + 1;

        private void Last(Task fault) => _lasting.Add(fault);

        /// <summary>Somebody else takes the port of a daemon that is stopped, and it is started while he has it.</summary>
        private static async Task BlockStoppedAsync(FleetSupervisor fleet, string name, int port, TimeSpan time)
        {
            await fleet.StopAsync(name, CancellationToken.None);
            using var foreign = new TcpListener(IPAddress.Loopback, port);
            foreign.Start();
            await fleet.StartAsync(name, CancellationToken.None);
            await Task.Delay(time);
        }

        /// <summary>Somebody else is faster than the restart.</summary>
        private static async Task BlockKilledAsync(int pid, int port, TimeSpan time)
        {
            RealFleetBench.Signal(pid, "KILL");
            using var foreign = new TcpListener(IPAddress.Loopback, port);
            foreign.Start();
            await Task.Delay(time);
        }

        private async Task MoodAsync(int port, string mood, TimeSpan time)
        {
            await File.WriteAllTextAsync(bench.MoodFile(port), mood);
            await Task.Delay(time);
            File.Delete(bench.MoodFile(port));
        }
    }
}
