using System.Globalization;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>Hours of everything that can go wrong, on a clock that the test moves. The seed is printed; MONITOR_SOAK_SEED repeats a run.</summary>
public class SimulatedSoakTests(ITestOutputHelper output)
{
    private const int Daemons = 8;

    private static readonly StartupReason[] Failures =
        [StartupReason.TimedOut, StartupReason.ExitedPrematurely, StartupReason.HealthStatus, StartupReason.LockUnavailable, StartupReason.CommandNotFound, StartupReason.PidMismatch];

    [Fact]
    public async Task Hours_OfRandomFaults_EndWithEveryDaemonVerifiedAndNoAlertOpen()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("MONITOR_SOAK_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        var hours = double.TryParse(Environment.GetEnvironmentVariable("MONITOR_SOAK_HOURS"), CultureInfo.InvariantCulture, out var asked) ? asked : 0.5;
        output.WriteLine($"seed {seed}, {hours} simulated hours");
        var random = new Random(seed);
        await using var bench = await new FleetBench(FleetBench.Specs(Daemons), seed: seed).BeginAsync();

        for (var left = hours * 3600; left > 0; left--)
        {
            if (random.Next(5) == 0)
            {
                Harm(bench, random);
            }

            await bench.AdvanceAsync(1, step: 1);
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
        Assert.All(bench.Fleet.Daemons, d => Assert.Equal(bench.Engine[d.Port].Living?.Pid, d.Pid));
        await bench.AllEventsAsync();
        AssertStory(bench);
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

    private static void AssertStory(FleetBench bench)
    {
        var events = bench.Events();
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Id));
        foreach (var story in events.Where(e => e.Alert is not null).GroupBy(e => (e.Daemon.Name, e.Alert!.Kind)))
        {
            // Fired, resolved, fired, resolved: never twice the same.
            Assert.All(story.Select((e, i) => (e, i)), s => Assert.Equal(s.i % 2 == 0 ? AlertState.Fired : AlertState.Resolved, s.e.Alert!.State));
            Assert.Equal(0, story.Count() % 2);
        }

        foreach (var life in events.GroupBy(e => e.Daemon.Name))
        {
            Assert.Equal(life.Select(e => e.Daemon.Restarts).Order(), life.Select(e => e.Daemon.Restarts));
        }

        Assert.Contains(events, e => e.Alert is not null);
    }
}
