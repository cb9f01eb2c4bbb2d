using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>
/// Random faults on a clock that the test moves. MONITOR_SOAK_SIMULATED_SECONDS is the duration in seconds of the real clock; the default
/// is half an hour of the simulated clock. The seed is printed, and MONITOR_SOAK_SEED repeats a run.
/// </summary>
public class SimulatedSoakTests(ITestOutputHelper output)
{
    private const int Daemons = 8;

    // A round has this many seconds with faults. Then all daemons must recover.
    private const int RoundSeconds = 1800;

    private static readonly StartupReason[] Failures =
        [StartupReason.TimedOut, StartupReason.ExitedPrematurely, StartupReason.HealthStatus, StartupReason.LockUnavailable, StartupReason.CommandNotFound, StartupReason.PidMismatch];

    [Fact]
    public async Task Hours_OfRandomFaults_EndWithEveryDaemonVerifiedAndNoAlertOpen()
    {
        var soak = new Soak(output, "simulated soak");
        var limit = TimeSpan.FromSeconds(Soak.Number("MONITOR_SOAK_SIMULATED_SECONDS") ?? 0);
        var events = new EventChecker();
        var faults = 0;
        var fixture = await new FleetFixture(FleetFixture.Specs(Daemons), seed: soak.Seed, onEvent: events.Add).BeginAsync();
        var begun = fixture.Time.GetUtcNow();
        await using (fixture)
        {
            do
            {
                faults += await RoundAsync(fixture, soak.Random);
                Assert.All(fixture.Fleet.Daemons, d => Assert.Equal(fixture.Engine[d.Port].Instance?.Pid, d.Pid));
                events.AssertConsistent();
            }
            while (soak.Elapsed < limit);
        }

        soak.Report(string.Create(CultureInfo.InvariantCulture, $"{(fixture.Time.GetUtcNow() - begun).TotalHours:0.0} simulated hours, {faults} faults, {events}"));
        events.AssertConsistent();
        Assert.NotEqual(0, events.Alerts);
    }

    private static async Task<int> RoundAsync(FleetFixture fixture, Random random)
    {
        var faults = 0;
        for (var left = RoundSeconds; left > 0; left--)
        {
            if (random.Next(5) == 0)
            {
                Break(fixture, random);
                faults++;
            }

            await fixture.AdvanceAsync(1, step: 1);
        }

        for (var i = 0; i < Daemons; i++)
        {
            Repair(fixture.Engine[9000 + i]);
        }

        // A daemon that was stopped on request, or that no retry can start, waits for a request.
        await fixture.UntilAsync(
            () =>
            {
                foreach (var daemon in fixture.Fleet.Daemons.Where(d => d.State is DaemonState.Stopped or DaemonState.Failed))
                {
                    Forget(fixture.Fleet.StartAsync(daemon.Name, default));
                }

                return fixture.Fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0, Alerts.Count: 0 });
            },
            step: 1,
            limit: 600);
        return faults;
    }

    private static void Break(FleetFixture fixture, Random random)
    {
        var port = 9000 + random.Next(Daemons);
        var name = $"d{port - 9000}";
        var scripted = fixture.Engine[port];
        switch (random.Next(13))
        {
            case 0 or 1 or 2 when scripted.Instance is not null:
                fixture.Engine.Kill(port, exitCode: random.Next(2) == 0 ? 0 : null);
                break;
            case 3:
                scripted.Unhealthy = true;
                break;
            case 4:
                scripted.PidFile = random.Next(2) == 0 ? "missing" : "mismatch";
                break;
            case 5:
                scripted.Foreign = scripted.Instance is null && random.Next(3) > 0;
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
            case 12:
                scripted.SocketLost = scripted.Instance is not null;
                break;
            case 9:
                Repair(scripted);
                break;
            case 10:
                Forget(random.Next(3) == 0 ? fixture.Fleet.StopAsync(name, default) : fixture.Fleet.StartAsync(name, default));
                break;
            case 11:
                Forget(fixture.Fleet.RestartAsync(name, default));
                break;
        }
    }

    private static void Forget(Task task) => task.ContinueWith(t => _ = t.Exception, TaskScheduler.Default);

    private static void Repair(ScriptedEngine.Scripted scripted)
    {
        scripted.Unhealthy = false;
        scripted.SocketLost = false;
        scripted.Foreign = false;
        scripted.StopFails = false;
        scripted.StartTakes = TimeSpan.Zero;
        scripted.StopTakes = TimeSpan.Zero;
        scripted.Failures.Clear();
    }
}
