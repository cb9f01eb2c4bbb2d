using BenchmarkDotNet.Attributes;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Benchmarks;

/// <summary>One transition of the state machine: the most frequent one, a probe that finds nothing wrong, and one that finds that health is lost.</summary>
public class StateMachineBenchmarks
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);

    private readonly MachineSettings _settings = new();
    private readonly MachineEvent _healthy = new MachineEvent.Probed(1, PidFile: true, Port: true, Health: true);
    private readonly MachineEvent _unhealthy = new MachineEvent.Probed(1, PidFile: true, Port: true, Health: false, StartupReason.HealthUnreachable);
    private readonly MachineState _running = new() { State = DaemonState.Running, Wanted = true, Instance = 1, VerifiedSince = TimeSpan.FromMinutes(1) };

    [Benchmark]
    public int HealthyProbe() => DaemonMachine.Apply(_running, _healthy, _settings, Now, 0.5).Actions.Count;

    [Benchmark]
    public int UnhealthyProbe() => DaemonMachine.Apply(_running, _unhealthy, _settings, Now, 0.5).Actions.Count;
}
