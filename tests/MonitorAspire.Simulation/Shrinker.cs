using MonitorAspire.Simulation.Scenarios;

namespace MonitorAspire.Simulation;

/// <summary>Drops faults from a scenario as long as the same invariant is still violated.</summary>
internal static class Shrinker
{
    public static SimulationResult Shrink(SimulationResult failed)
    {
        var best = failed;
        for (var chunk = Math.Max(1, best.Scenario.Faults.Count / 2); ;)
        {
            var removed = false;
            for (var from = 0; from < best.Scenario.Faults.Count;)
            {
                var kept = best.Scenario.Faults.Where((_, i) => i < from || i >= from + chunk).Select(f => f.Number).ToHashSet();
                var result = Simulation.Run(best.Scenario.With(kept));
                if (result.Violation?.Invariant == failed.Violation!.Invariant)
                {
                    (best, removed) = (result, true);
                }
                else
                {
                    from += chunk;
                }
            }

            if (chunk == 1 && !removed)
            {
                return best;
            }

            chunk = Math.Max(1, chunk / 2);
        }
    }

    /// <summary>The command that replays a result.</summary>
    public static string Command(SimulationResult result)
    {
        var all = Scenario.From(result.Scenario.Seed).Faults.Count;
        var only = result.Scenario.Faults.Count == all ? "" : $" --faults {(result.Scenario.Faults.Count == 0 ? "none" : string.Join(',', result.Scenario.Faults.Select(f => f.Number)))}";
        return $"dotnet run --project tests/MonitorAspire.Simulation -- replay {result.Scenario.Seed}{only}";
    }
}
