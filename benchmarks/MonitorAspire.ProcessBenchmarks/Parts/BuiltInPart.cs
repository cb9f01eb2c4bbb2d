using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>The built-in daemon, started by our command line. <c>bare</c> spawns the same program.</summary>
internal static class BuiltInPart
{
    public static void Measure(Run run)
    {
        foreach (var target in run.Targets.Where(t => t.Programs is not null))
        {
            var setting = target.Name;
            if (run.Targets.Any(t => t.Name == Target.Bare))
            {
                run.Measure("builtin", setting, Target.Bare, () => MeasureOne(run, setting, Target.Bare, daemons =>
                {
                    var state = run.Workspace.NewDirectory("state");
                    var fleet = new BareFleet(run.Workspace, daemons, d => [Path.Combine(target.Programs!, "monitor-aspire-daemon"), "--port", $"{d.Port}", "--state-dir", state]);
                    return (fleet, _ => ProcessCost.Tree(fleet.Processes[0], run.Workspace.Tiny).Single());
                }));
            }

            run.Measure("builtin", setting, target.Name, () => MeasureOne(run, setting, target.Name, daemons =>
            {
                var fleet = new CommandLineFleet(run.Workspace, daemons, target.Programs!, builtIn: true);
                return (fleet, fleet.Pid);
            }));
        }
    }

    private static void MeasureOne(Run run, string setting, string target, Func<IReadOnlyList<TinyDaemon>, (Fleet Fleet, Func<int, int> Pid)> create)
    {
        var (fleet, pid) = create(run.Workspace.Daemons(1, 0));
        using (fleet)
        {
            var (said, memory) = (new List<double>(), new List<double>());
            fleet.Open(startAll: false);
            for (var round = -1; round < run.Options.Rounds; round++)
            {
                var ms = Run.Milliseconds(() => fleet.Start(0));
                Thread.Sleep(500);
                if (round >= 0)
                {
                    said.Add(ms);
                    memory.Add(ProcessCost.Of([pid(0)]).PssMiB);
                }

                fleet.Stop(0);
            }

            run.Results.Add("builtin", setting, target, "request → said, ms", said);
            run.Results.Add("builtin", setting, target, "PSS of the daemon, MiB", memory);
        }
    }
}
