using MonitorAspire.ProcessBenchmarks.Fleets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Parts;

/// <summary>From kill -9 until the next life is ready, and until that is said. Each daemon is killed once, so that there is no back-off.</summary>
internal static class KillPart
{
    public static void Measure(Run run)
    {
        foreach (var target in run.Targets)
        {
            run.Measure("kill", $"{FleetPart.DelayMs} ms", target.Name, () =>
            {
                using var fleet = target.Create(run.Workspace, run.Workspace.Daemons(run.Options.Rounds, FleetPart.DelayMs));
                fleet.Open(startAll: true);
                fleet.WaitAllSaid();
                Thread.Sleep(TimeSpan.FromSeconds(3));

                var (ready, said) = (new List<double>(), new List<double>());
                foreach (var daemon in fleet.Daemons)
                {
                    var pid = daemon.WaitForInstance(1, Fleet.Limit).Pid;
                    var killed = Clock.Now;
                    Commands.Kill(pid);
                    if (fleet.SaysRestarts)
                    {
                        said.Add(Clock.Milliseconds(fleet.WaitSaid(daemon.Index, killed) - killed));
                    }

                    ready.Add(Clock.Milliseconds(daemon.WaitForInstance(2, Fleet.Limit).Ready - killed));
                    Thread.Sleep(100);
                }

                run.Results.Add("kill", $"{FleetPart.DelayMs} ms", target.Name, "kill -9 → ready, ms", ready);
                run.Results.Add("kill", $"{FleetPart.DelayMs} ms", target.Name, "kill -9 → said, ms", said);
            });
        }
    }
}
