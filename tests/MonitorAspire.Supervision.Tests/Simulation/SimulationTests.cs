using System.Globalization;
using MonitorAspire.Simulation;
using MonitorAspire.Simulation.Scenarios;
using MonitorAspire.Supervision.Tests.Fleet;

namespace MonitorAspire.Supervision.Tests.Simulation;

/// <summary>
/// The whole fleet on the simulated system of MonitorAspire.Simulation. MONITOR_SIMULATION_SEEDS is the number of seeds, default 300; they end
/// after a minute in any case. They begin with 1, or with MONITOR_SOAK_SEED, and a failure names the command that replays it.
/// </summary>
public class SimulationTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public void Seeds_RandomFaults_ViolateNoInvariant()
    {
        var soak = new Soak(output, "simulation");
        var first = Soak.Number("MONITOR_SOAK_SEED") ?? 1;
        var result = Seeds.Run((ulong)first, Soak.Number("MONITOR_SIMULATION_SEEDS") ?? 300, Longest, mostFailures: 3);
        soak.Report($"seeds from {first}: {result}");

        Assert.NotEqual(0, result.Ran);
        Assert.Empty(result.Failures.Select(Describe));
    }

    [Fact]
    public void Run_SameSeedTwice_HasTheSameTrace()
    {
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var (one, other) = (Run(seed, trace: true), Run(seed, trace: true));

            Assert.Equal(one.Trace, other.Trace);
            Assert.Equal(one.Hash, other.Hash);
            Assert.NotEqual(one.Hash, Run(seed + 1).Hash);
        }
    }

    // Each of these seeds has found a fault of the fleet.
    [Theory]
    [InlineData(23, "0,1,10")] // A stop during the adoption was undone by its end.
    [InlineData(17, "3,4")] // A stop during a reload was undone by its end.
    [InlineData(58, "9,18,19")] // An inspection that failed during the adoption left the daemon stopped for ever.
    [InlineData(213, "6,8,9,14,23")] // The wall clock was set back, and the adoption waited for that time.
    [InlineData(465, "0,7,14")] // A restart during a reload started the old specification on a port that another daemon had got.
    [InlineData(377, "16,17")] // A reload during the adoption left two daemons with one process.
    [InlineData(987, "10,11,13")] // A daemon that a reload could not stop at once was never started again.
    [InlineData(448, "0,2,4,6,8,9,11,14,15,16")] // A reload gave away the port of a daemon that was still being stopped.
    public void Run_SeedThatFoundAFault_ViolatesNoInvariant(ulong seed, string faults)
    {
        var kept = faults.Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToHashSet();

        var result = MonitorAspire.Simulation.Simulation.Run(Scenario.From(seed).With(kept));

        Assert.True(result.Violation is null, Describe(result));
    }

    private static SimulationResult Run(ulong seed, bool trace = false) => MonitorAspire.Simulation.Simulation.Run(Scenario.From(seed), trace);

    private static string Describe(SimulationResult result)
    {
        var shrunk = result.Violation is null ? result : Shrinker.Shrink(result);
        return string.Join('\n', [$"{shrunk.Violation?.Invariant}: {shrunk.Violation?.Detail}", Shrinker.Command(shrunk), .. shrunk.Scenario.Faults.Select(f => f.ToString())]);
    }
}
