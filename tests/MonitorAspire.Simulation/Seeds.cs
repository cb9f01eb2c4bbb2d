using System.Diagnostics;
using MonitorAspire.Simulation.Scenarios;

namespace MonitorAspire.Simulation;

/// <summary>Runs many seeds, on all processors, until the first few have failed or the time is up.</summary>
internal static class Seeds
{
    public static SeedsResult Run(ulong first, long count, TimeSpan time, int mostFailures, ulong step = 1, Action<SeedsResult>? progress = null, Action<SimulationResult>? onFailure = null)
    {
        var watch = Stopwatch.StartNew();
        var failures = new List<SimulationResult>();
        var (next, ran, steps, simulated) = (0L, 0L, 0L, 0.0);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(RunNext)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return Result();

        void RunNext()
        {
            while (Interlocked.Increment(ref next) - 1 is var index && index < count && watch.Elapsed < time)
            {
                var result = Simulation.Run(Scenario.From(first + ((ulong)index * step)));
                lock (failures)
                {
                    ran++;
                    steps += result.Steps;
                    simulated += result.Simulated.TotalHours;
                    if (result.Violation is not null)
                    {
                        failures.Add(result);
                        onFailure?.Invoke(result);
                    }

                    if (ran % 10_000 == 0)
                    {
                        progress?.Invoke(Result());
                    }

                    if (failures.Count >= mostFailures)
                    {
                        return;
                    }
                }
            }
        }

        SeedsResult Result() => new(ran, steps, simulated, watch.Elapsed, [.. failures.OrderBy(f => f.Scenario.Seed)]);
    }
}

internal sealed record SeedsResult(long Ran, long Steps, double SimulatedHours, TimeSpan Elapsed, IReadOnlyList<SimulationResult> Failures)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Ran} seeds in {Elapsed.TotalSeconds:0.0} s, {Steps} steps, {SimulatedHours / 24:0} simulated days, {Failures.Count} failed");
}
