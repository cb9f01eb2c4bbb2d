using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Supervisors that are killed at random moments of their lives: while they come up, adopt, start, probe, restart, stop.
/// MONITOR_SOAK_KILLS says how often (default 12, so that a developer's run stays short).
/// </summary>
public class RealKillTests(ITestOutputHelper output)
{
    // Each with a fleet, ports and a state directory of its own; most of a kill is waiting.
    private const int Lanes = 4;

    [Fact]
    public async Task SupervisorKilled_AtRandomMoments_NeverLosesOrDoublesADaemon()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "looks at /proc");
        var soak = new Soak(output, "kills");
        var kills = Soak.Number("MONITOR_SOAK_KILLS") ?? 12;
        var lanes = Enumerable.Range(0, Lanes)
            .Select(i => new Lane(new Random(soak.Random.Next()), (kills / Lanes) + (i < kills % Lanes ? 1 : 0)))
            .ToList();

        await Task.WhenAll(lanes.Select(lane => lane.RunAsync()));

        var moments = lanes.SelectMany(l => l.Moments).CountBy(m => m).OrderBy(m => m.Key, StringComparer.Ordinal);
        soak.Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"{lanes.Sum(l => l.Moments.Count)} kills ({string.Join(", ", moments.Select(m => $"{m.Value} {m.Key}"))}); {lanes.Sum(l => l.Adopted)} daemons adopted with their PID"));
    }

    private sealed class Lane(Random random, int kills)
    {
        private const int Daemons = 2;

        /// <summary>What each supervisor was doing when it was killed.</summary>
        public List<string> Moments { get; } = [];

        /// <summary>How many times a verified daemon was seen to have outlived its supervisor.</summary>
        public int Adopted { get; private set; }

        public async Task RunAsync()
        {
            await using var bench = new RealFleetBench(Daemons);
            IReadOnlyDictionary<int, int> alive = new Dictionary<int, int>();
            while (Moments.Count < kills)
            {
                await using var supervisor = bench.NewSupervisor();
                if (random.Next(3) == 0)
                {
                    await AllRunAsync(bench, supervisor, alive);
                }

                var (moment, touched) = await LiveAsync(bench, supervisor);
                if (!supervisor.HasExited)
                {
                    Moments.Add(moment);
                    await supervisor.KillAsync();
                }

                Assert.All(bench.Ports, p => Assert.InRange(bench.ProcessesOf(p).Length, 0, 1));
                alive = Alive(bench, touched);
            }

            await using var last = bench.NewSupervisor();
            await AllRunAsync(bench, last, alive);
            await last.EndAsync();
            bench.AssertNothingLeftOver(supervisorsWereKilled: true);
        }

        /// <summary>Some of the life of a supervisor. Says what it was doing in the end, and to which daemons something was done.</summary>
        private async Task<(string Moment, IReadOnlyCollection<int> Touched)> LiveAsync(RealFleetBench bench, RealFleetBench.Supervisor supervisor)
        {
            var port = bench.Ports[random.Next(Daemons)];
            switch (random.Next(6))
            {
                case 0:
                    // From its first instruction on.
                    await Task.Delay(random.Next(600));
                    return (supervisor.Events.Count == 0 ? "coming up" : Doing(supervisor), []);

                case 1:
                    await supervisor.HasBegunAsync();
                    await Task.Delay(random.Next(400));
                    return (Doing(supervisor), []);

                case 2 when bench.ProcessesOf(port) is [var victim, ..]:
                    await supervisor.HasBegunAsync();
                    RealFleetBench.Signal(victim, "KILL");
                    await Task.Delay(random.Next(400));
                    return ($"after a daemon's death, {Doing(supervisor)}", [port]);

                case 3 when bench.ProcessesOf(port) is [var victim, ..]:
                    await supervisor.HasBegunAsync();
                    RealFleetBench.Signal(victim, "STOP");
                    await Task.Delay(random.Next(2500));
                    return ($"with a daemon that hangs, {Doing(supervisor)}", [port]);

                case 4:
                    await supervisor.HasBegunAsync();
                    await supervisor.TellAsync($"restart {RealFleetBench.Name(port)}");
                    await Task.Delay(random.Next(400));
                    return ($"asked to restart, {Doing(supervisor)}", [port]);

                default:
                    await supervisor.HasBegunAsync();
                    supervisor.BeginEnd();
                    await Task.Delay(random.Next(250));
                    return ($"asked to end, {Doing(supervisor)}", bench.Ports);
            }
        }

        private static string Doing(RealFleetBench.Supervisor supervisor)
        {
            var states = supervisor.Events.GroupBy(e => e[1]).Select(g => g.Last()[2]).ToList();
            return states.Contains(nameof(DaemonState.Stopping)) ? "stopping"
                : states.Contains(nameof(DaemonState.Starting)) || states.Count < Daemons ? "starting"
                : states.Contains(nameof(DaemonState.Unhealthy)) || states.Contains(nameof(DaemonState.Backoff)) ? "mending"
                : "watching";
        }

        /// <summary>The daemons that had been verified and to which nothing was done: they must live on as they are.</summary>
        private static Dictionary<int, int> Alive(RealFleetBench bench, IReadOnlyCollection<int> touched)
        {
            var alive = new Dictionary<int, int>();
            foreach (var port in bench.Ports.Except(touched))
            {
                if (InstanceRecord.Read(new DaemonFiles(bench.StateDirectory, port).InstanceFile) is { VerifiedAt: not null } record
                    && bench.ProcessesOf(port) is [var pid] && pid == record.Pid)
                {
                    alive[port] = pid;
                }
            }

            return alive;
        }

        private async Task AllRunAsync(RealFleetBench bench, RealFleetBench.Supervisor supervisor, IReadOnlyDictionary<int, int> alive)
        {
            await Wait.UntilAsync(() => supervisor.Running().Count == Daemons, "all daemons verified");
            var running = supervisor.Running();
            Assert.All(bench.Ports, p => Assert.Equal([running[RealFleetBench.Name(p)]], bench.ProcessesOf(p)));
            Assert.All(alive, a => Assert.Equal(a.Value, running[RealFleetBench.Name(a.Key)]));
            Adopted += alive.Count;
        }
    }
}
