using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Supervisors that are killed at random moments: while they begin, adopt, start, probe, restart or stop. MONITOR_SOAK_KILLS is the number
/// of kills (default 12, so that a developer's run stays short).
/// </summary>
public class RealKillTests(ITestOutputHelper output)
{
    // Each has its own fleet, ports and state directory.
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
        soak.Report(string.Create(
            CultureInfo.InvariantCulture,
            $"{lanes.Sum(l => l.Moments.Count)} kills ({string.Join(", ", moments.Select(m => $"{m.Value} {m.Key}"))}); {lanes.Sum(l => l.Adopted)} daemons adopted with their PID"));
    }

    private sealed class Lane(Random random, int kills)
    {
        private const int Daemons = 2;

        /// <summary>What each supervisor was doing when it was killed.</summary>
        public List<string> Moments { get; } = [];

        /// <summary>How many verified daemons outlived their supervisor.</summary>
        public int Adopted { get; private set; }

        public async Task RunAsync()
        {
            await using var fixture = new RealFleetFixture(Daemons);
            IReadOnlyDictionary<int, int> alive = new Dictionary<int, int>();
            while (Moments.Count < kills)
            {
                await using var supervisor = fixture.NewSupervisor();
                if (random.Next(3) == 0)
                {
                    await AllRunAsync(fixture, supervisor, alive);
                }

                var (moment, touched) = await RunForAWhileAsync(fixture, supervisor);
                if (!supervisor.HasExited)
                {
                    Moments.Add(moment);
                    await supervisor.KillAsync();
                }

                Assert.All(fixture.Ports, p => Assert.InRange(fixture.ProcessesOf(p).Length, 0, 1));
                alive = Alive(fixture, touched);
            }

            await using var last = fixture.NewSupervisor();
            await AllRunAsync(fixture, last, alive);
            await last.EndAsync();
            fixture.AssertNothingLeftOver(supervisorsWereKilled: true);
        }

        /// <summary>Lets the supervisor run for a while, with a random fault. Returns what it was doing at the end, and the daemons that had a fault.</summary>
        private async Task<(string Moment, IReadOnlyCollection<int> Touched)> RunForAWhileAsync(RealFleetFixture fixture, RealFleetFixture.Supervisor supervisor)
        {
            var port = fixture.Ports[random.Next(Daemons)];
            switch (random.Next(6))
            {
                case 0:
                    // From the first instruction of the process on.
                    await Task.Delay(random.Next(600));
                    return (supervisor.Events.Count == 0 ? "coming up" : Doing(supervisor), []);

                case 1:
                    await supervisor.HasBegunAsync();
                    await Task.Delay(random.Next(400));
                    return (Doing(supervisor), []);

                case 2 when fixture.ProcessesOf(port) is [var victim, ..]:
                    await supervisor.HasBegunAsync();
                    RealFleetFixture.Signal(victim, "KILL");
                    await Task.Delay(random.Next(400));
                    return ($"after a daemon's death, {Doing(supervisor)}", [port]);

                case 3 when fixture.ProcessesOf(port) is [var victim, ..]:
                    await supervisor.HasBegunAsync();
                    RealFleetFixture.Signal(victim, "STOP");
                    await Task.Delay(random.Next(2500));
                    return ($"with a daemon that hangs, {Doing(supervisor)}", [port]);

                case 4:
                    await supervisor.HasBegunAsync();
                    await supervisor.SendAsync($"restart {RealFleetFixture.Name(port)}");
                    await Task.Delay(random.Next(400));
                    return ($"asked to restart, {Doing(supervisor)}", [port]);

                default:
                    await supervisor.HasBegunAsync();
                    supervisor.BeginEnd();
                    await Task.Delay(random.Next(250));
                    return ($"asked to end, {Doing(supervisor)}", fixture.Ports);
            }
        }

        private static string Doing(RealFleetFixture.Supervisor supervisor)
        {
            var states = supervisor.Events.GroupBy(e => e[1]).Select(g => g.Last()[2]).ToList();
            return states.Contains(nameof(DaemonState.Stopping)) ? "stopping"
                : states.Contains(nameof(DaemonState.Starting)) || states.Count < Daemons ? "starting"
                : states.Contains(nameof(DaemonState.Unhealthy)) || states.Contains(nameof(DaemonState.Backoff)) ? "recovering"
                : "watching";
        }

        /// <summary>The verified daemons without a fault, now or before. They must live on with their PID.</summary>
        private static Dictionary<int, int> Alive(RealFleetFixture fixture, IReadOnlyCollection<int> touched)
        {
            var alive = new Dictionary<int, int>();
            foreach (var port in fixture.Ports.Except(touched))
            {
                if (InstanceRecord.Read(new DaemonFiles(fixture.StateDirectory, port).InstanceFile) is { VerifiedAt: not null } record
                    && fixture.ProcessesOf(port) is [var pid] && pid == record.Pid && !RealFleetFixture.IsSuspended(pid))
                {
                    alive[port] = pid;
                }
            }

            return alive;
        }

        private async Task AllRunAsync(RealFleetFixture fixture, RealFleetFixture.Supervisor supervisor, IReadOnlyDictionary<int, int> alive)
        {
            await Wait.UntilAsync(() => supervisor.Running().Count == Daemons, "all daemons verified");
            var running = supervisor.Running();
            Assert.All(fixture.Ports, p => Assert.Equal([running[RealFleetFixture.Name(p)]], fixture.ProcessesOf(p)));
            Assert.All(alive, a => Assert.Equal(a.Value, running[RealFleetFixture.Name(a.Key)]));
            Adopted += alive.Count;
        }
    }
}
