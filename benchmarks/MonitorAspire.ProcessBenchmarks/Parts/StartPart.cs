using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>
/// From the readiness of a daemon to the moment at which that is said. Each delay is measured for the supervisor, and for our command line
/// without a supervisor. A daemon of 5 ms is started before, so that no figure has the first use of the code in it.
/// </summary>
internal static class StartPart
{
    private const int StaggerMs = 150;

    public static void Measure(Run run)
    {
        foreach (var delay in run.Options.Delays)
        {
            foreach (var target in run.Targets)
            {
                MeasureOne(run, delay, target.Name, target.Create);
                if (target.Programs is { } programs)
                {
                    MeasureOne(run, delay, $"{target.Name}, `monitor start`", (workspace, daemons) => new CommandLineFleet(workspace, daemons, programs));
                }
            }
        }
    }

    private static void MeasureOne(Run run, int delay, string name, Func<Workspace, IReadOnlyList<TinyDaemon>, Fleet> create) => run.Measure("start", Setting(delay), name, () =>
    {
        // Daemons with a long delay wait together. All are started before the first one is ready, so that no start costs another one time.
        var rounds = run.Options.Rounds;
        var together = Math.Clamp(delay / (StaggerMs + 50), 1, rounds);
        var daemons = run.Workspace.Daemons(together, delay);
        var warmUp = run.Workspace.Daemons(1, 5)[0] with { Index = together };
        using var fleet = create(run.Workspace, [.. daemons, warmUp]);
        fleet.Open(startAll: false);
        fleet.Start(warmUp.Index);
        fleet.Stop(warmUp.Index);
        var lives = daemons.Select(d => d.Instances().Count).ToArray();

        var latencies = new List<double>();
        var overheads = new List<double>();
        while (latencies.Count < rounds)
        {
            Parallel(daemons.Count, i =>
            {
                var asked = Clock.Now;
                var said = fleet.Start(i);
                var instance = daemons[i].WaitForInstance(lives[i] + 1, Fleet.Limit);
                lock (latencies)
                {
                    lives[i]++;
                    latencies.Add(Clock.Milliseconds(said - instance.Ready));
                    overheads.Add(Clock.Milliseconds(said - asked - (instance.Ready - instance.Started)));
                }
            });
            foreach (var daemon in daemons)
            {
                fleet.Stop(daemon.Index);
            }
        }

        run.Results.Add("start", Setting(delay), name, "ready → said, ms", latencies);
        run.Results.Add("start", Setting(delay), name, "request → said, without the daemon's own time, ms", overheads);
    });

    // A thread for each, since the calls block.
    private static void Parallel(int count, Action<int> action)
    {
        Exception? failure = null;
        var threads = Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            try
            {
                Thread.Sleep(i * StaggerMs);
                action(i);
            }
            catch (Exception e)
            {
                failure = e;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if (failure is not null)
        {
            throw new InvalidOperationException(failure.Message, failure);
        }
    }

    private static string Setting(int delay) => delay < 1000 ? $"{delay} ms" : $"{delay / 1000} s";
}
