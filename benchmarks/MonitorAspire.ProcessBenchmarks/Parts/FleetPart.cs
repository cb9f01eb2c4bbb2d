using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>From the start of the supervisor's process until all its daemons are said to run. Each daemon needs 50 ms.</summary>
internal static class FleetPart
{
    public const int DelayMs = 50;

    public static void Measure(Run run)
    {
        foreach (var size in run.Options.Sizes)
        {
            foreach (var target in run.Targets)
            {
                run.Measure("fleet", $"{size} daemons", target.Name, () =>
                {
                    var (said, ready) = (new List<double>(), new List<double>());
                    for (var round = 0; round < Math.Max(1, run.Options.Rounds / 4); round++)
                    {
                        using var fleet = target.Create(run.Workspace, run.Workspace.Daemons(size, DelayMs));
                        var started = Clock.Now;
                        fleet.Open(startAll: true);
                        said.Add(Clock.Milliseconds(fleet.WaitAllSaid() - started));
                        ready.Add(Clock.Milliseconds(fleet.Daemons.Max(d => d.WaitForInstance(1, Fleet.Limit).Ready) - started));
                    }

                    run.Results.Add("fleet", $"{size} daemons", target.Name, "all said, ms", said);
                    run.Results.Add("fleet", $"{size} daemons", target.Name, "last daemon ready, ms", ready);
                });
            }
        }
    }
}
