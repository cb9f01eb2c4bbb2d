using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>
/// A long time in a short one: 20 daemons that are probed every 50 ms and killed again and again. Descriptors, threads and memory at the
/// beginning (after a quarter) and at the end must be the same.
/// </summary>
internal static class SoakPart
{
    private const int Size = 20;

    private static readonly Dictionary<string, object> Impatient = new()
    {
        ["Probe"] = new { Interval = TimeSpan.FromMilliseconds(50) },
        ["Restart"] = new { InitialDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1), Budget = 1000, BudgetWindow = TimeSpan.FromSeconds(1) },
    };

    public static void Measure(Run run)
    {
        foreach (var target in run.Targets.Where(t => t.Programs is not null || t.Name == Target.Bare))
        {
            var setting = $"{run.Options.SoakSeconds} s";
            run.Measure("soak", setting, target.Name, () =>
            {
                var daemons = run.Workspace.Daemons(Size, 5);
                using Fleet fleet = target.Programs is { } programs ? new OursFleet(run.Workspace, daemons, programs, Impatient) : target.Create(run.Workspace, daemons);
                fleet.Open(startAll: true);
                fleet.WaitAllSaid();

                var samples = new List<ProcessCost>();
                var (kills, end, next) = (0, Clock.Now + (run.Options.SoakSeconds * 1_000_000_000L), Clock.Now);
                while (Clock.Now < end)
                {
                    var daemon = daemons[kills % Size];
                    var killed = Clock.Now;
                    Commands.Kill(daemon.Instances()[^1].Pid);
                    fleet.WaitSaid(daemon.Index, killed);
                    kills++;
                    if (Clock.Now >= next)
                    {
                        samples.Add(ProcessCost.Of(fleet.Processes));
                        next += 1_000_000_000;
                    }
                }

                var quarter = Math.Max(1, samples.Count / 4);
                var (second, last) = (samples.Skip(quarter).Take(quarter).DefaultIfEmpty(samples[0]).ToList(), samples.TakeLast(quarter).ToList());
                run.Results.Add("soak", setting, target.Name, "restarts", [kills]);
                Add("PSS MiB", cost => cost.PssMiB);
                Add("descriptors", cost => cost.Descriptors);
                Add("threads", cost => cost.Threads);

                void Add(string metric, Func<ProcessCost, double> value)
                {
                    run.Results.Add("soak", setting, target.Name, $"{metric}, second quarter", [.. second.Select(value)]);
                    run.Results.Add("soak", setting, target.Name, $"{metric}, last quarter", [.. last.Select(value)]);
                }
            });
        }
    }
}
