using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>Whole runs of our command line, from the spawn of its process to its end. <c>bare</c> is a native program that prints a line.</summary>
internal static class CommandLinePart
{
    private const int DelayMs = 5;
    private const string Setting = "5 ms";

    public static void Measure(Run run)
    {
        if (run.Targets.Any(t => t.Name == Target.Bare))
        {
            run.Measure("cli", Setting, Target.Bare, () => Measure(run, Target.Bare, (_, _) => Commands.Run(run.Workspace.Tiny, null, ["version"]).Ended, null));
        }

        foreach (var target in run.Targets.Where(t => t.Programs is not null))
        {
            run.Measure("cli", Setting, target.Name, () =>
            {
                using var fleet = new CommandLineFleet(run.Workspace, run.Workspace.Daemons(1, DelayMs), target.Programs!);
                using var others = new OursFleet(run.Workspace, run.Workspace.Daemons(run.Options.Sizes[0], DelayMs), target.Programs!);
                others.Open(startAll: true);
                others.WaitAllSaid();
                Measure(
                    run,
                    target.Name,
                    (command, _) => command switch
                    {
                        "start" => fleet.Start(0),
                        "stop" => fleet.Run("stop", "--port", $"{fleet.Daemons[0].Port}"),
                        "status" => fleet.Run("status", "--all", "--state-dir", others.StateDirectory),
                        _ => fleet.Run("--version"),
                    },
                    () => fleet.Daemons[0].Instances() is [.., var last] ? Clock.Milliseconds(last.Ready - last.Started) : 0);
            });
        }
    }

    private static void Measure(Run run, string target, Func<string, int, long> command, Func<double>? ownTime)
    {
        var figures = new Dictionary<string, List<double>>();
        for (var round = -1; round < run.Options.Rounds; round++)
        {
            foreach (var name in (string[])["start", "status", "stop", "--version"])
            {
                var ms = Run.Milliseconds(() => command(name, round));
                if (round >= 0)
                {
                    var metric = name switch
                    {
                        "start" => "`start`, without the daemon's own time, ms",
                        "status" => $"`status --all` of {run.Options.Sizes[0]}, ms",
                        _ => $"`{name}`, ms",
                    };
                    (figures.TryGetValue(metric, out var list) ? list : figures[metric] = []).Add(name == "start" ? ms - (ownTime?.Invoke() ?? 0) : ms);
                }
            }
        }

        foreach (var (metric, samples) in figures)
        {
            run.Results.Add("cli", Setting, target, metric, samples);
        }
    }
}
