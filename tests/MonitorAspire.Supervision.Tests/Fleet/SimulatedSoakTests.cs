using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Hours of everything that can go wrong, on a clock that the test moves. MONITOR_SOAK_SIMULATED_SECONDS says for how long of the real
/// clock; by default it is half an hour of the simulated one. The seed is printed; MONITOR_SOAK_SEED repeats a run.
/// </summary>
public class SimulatedSoakTests(ITestOutputHelper output)
{
    private const int Daemons = 8;

    // Faults for so long, then a while without any, in which all must mend.
    private const int RoundSeconds = 1800;

    private static readonly StartupReason[] Failures =
        [StartupReason.TimedOut, StartupReason.ExitedPrematurely, StartupReason.HealthStatus, StartupReason.LockUnavailable, StartupReason.CommandNotFound, StartupReason.PidMismatch];

    [Fact]
    public async Task Hours_OfRandomFaults_EndWithEveryDaemonVerifiedAndNoAlertOpen()
    {
        var soak = new Soak(output, "simulated soak");
        var limit = TimeSpan.FromSeconds(Soak.Number("MONITOR_SOAK_SIMULATED_SECONDS") ?? 0);
        var story = new FleetStory();
        var faults = 0;
        var bench = await new FleetBench(FleetBench.Specs(Daemons), seed: soak.Seed, story: story).BeginAsync();
        var begun = bench.Time.GetUtcNow();
        await using (bench)
        {
            do
            {
                faults += await RoundAsync(bench, soak.Random);
                Assert.All(bench.Fleet.Daemons, d => Assert.Equal(bench.Engine[d.Port].Living?.Pid, d.Pid));
                story.AssertSound();
            }
            while (soak.Elapsed < limit);
        }

        soak.Tell(string.Create(CultureInfo.InvariantCulture, $"{(bench.Time.GetUtcNow() - begun).TotalHours:0.0} simulated hours, {faults} faults, {story}"));
        story.AssertSound();
        Assert.NotEqual(0, story.Alerts);
    }

    private static async Task<int> RoundAsync(FleetBench bench, Random random)
    {
        var faults = 0;
        for (var left = RoundSeconds; left > 0; left--)
        {
            if (random.Next(5) == 0)
            {
                Harm(bench, random);
                faults++;
            }

            await bench.AdvanceAsync(1, step: 1);

            // The log keeps a thousand of them for those who fall behind.
            await bench.AllEventsAsync();
        }

        for (var i = 0; i < Daemons; i++)
        {
            Heal(bench.Engine[9000 + i]);
        }

        // What a person stopped, also in its last moment, or what no retry mends, waits for a person.
        await bench.UntilAsync(
            () =>
            {
                foreach (var daemon in bench.Fleet.Daemons.Where(d => d.State is DaemonState.Stopped or DaemonState.Failed))
                {
                    Forget(bench.Fleet.StartAsync(daemon.Name, default));
                }

                return bench.Fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0, Alerts.Count: 0 });
            },
            step: 1,
            limit: 600);
        await bench.AllEventsAsync();
        return faults;
    }

    private static void Harm(FleetBench bench, Random random)
    {
        var port = 9000 + random.Next(Daemons);
        var name = $"d{port - 9000}";
        var scripted = bench.Engine[port];
        switch (random.Next(12))
        {
            case 0 or 1 or 2 when scripted.Living is not null:
                bench.Engine.Kill(port, exitCode: random.Next(2) == 0 ? 0 : null);
                break;
            case 3:
                scripted.Sick = true;
                break;
            case 4:
                scripted.PidFile = random.Next(2) == 0 ? "missing" : "mismatch";
                break;
            case 5:
                scripted.Foreign = scripted.Living is null && random.Next(3) > 0;
                break;
            case 6:
                scripted.StartTakes = TimeSpan.FromSeconds(random.Next(40));
                scripted.StopTakes = TimeSpan.FromSeconds(random.Next(12));
                break;
            case 7:
                for (var i = random.Next(1, 8); i > 0; i--)
                {
                    scripted.Failures.Enqueue(Failures[random.Next(Failures.Length)]);
                }

                break;
            case 8:
                scripted.StopFails = !scripted.StopFails;
                break;
            case 9:
                Heal(scripted);
                break;
            case 10:
                Forget(random.Next(3) == 0 ? bench.Fleet.StopAsync(name, default) : bench.Fleet.StartAsync(name, default));
                break;
            case 11:
                Forget(bench.Fleet.RestartAsync(name, default));
                break;
        }
    }

    private static void Forget(Task task) => task.ContinueWith(t => _ = t.Exception, TaskScheduler.Default);

    private static void Heal(ScriptedEngine.Scripted scripted)
    {
        scripted.Sick = false;
        scripted.Foreign = false;
        scripted.StopFails = false;
        scripted.StartTakes = TimeSpan.Zero;
        scripted.StopTakes = TimeSpan.Zero;
        scripted.Failures.Clear();
    }
}
