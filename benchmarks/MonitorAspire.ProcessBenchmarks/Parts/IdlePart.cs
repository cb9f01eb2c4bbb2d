using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>What a supervisor costs while nothing happens. The number of requests that the daemons got shows whether it looks at them at all.</summary>
internal static class IdlePart
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

    public static void Measure(Run run)
    {
        foreach (var size in run.Options.Sizes)
        {
            foreach (var target in run.Targets)
            {
                run.Measure("idle", $"{size} daemons", target.Name, () =>
                {
                    using var fleet = target.Create(run.Workspace, run.Workspace.Daemons(size, FleetPart.DelayMs));
                    fleet.Open(startAll: true);
                    fleet.WaitAllSaid();

                    // A young instance is probed more often.
                    Thread.Sleep(Settle);
                    var processes = fleet.Processes;
                    var requests = fleet.Daemons.Sum(d => d.CountRequests());
                    var (before, started) = (ProcessCost.Of(processes), Clock.Now);
                    Thread.Sleep(TimeSpan.FromSeconds(run.Options.IdleSeconds));
                    var (after, seconds) = (ProcessCost.Of(processes), (Clock.Now - started) / 1e9);
                    var answered = fleet.Daemons.Sum(d => d.CountRequests()) - requests;

                    Add("CPU s in 30 s", (after.CpuSeconds - before.CpuSeconds) / seconds * 30);
                    Add("context switches in 10 s", (after.Switches - before.Switches) / seconds * 10);
                    Add("PSS MiB", after.PssMiB);
                    Add("descriptors", after.Descriptors);
                    Add("threads", after.Threads);
                    Add("processes", processes.Count);
                    Add("probes of a daemon in 10 s", answered / seconds * 10 / size);
                });

                void Add(string metric, double value) => run.Results.Add("idle", $"{size} daemons", target.Name, metric, [value]);
            }
        }
    }
}
