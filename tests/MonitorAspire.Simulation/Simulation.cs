using System.Globalization;
using MonitorAspire.Simulation.AppHost;
using MonitorAspire.Simulation.Engine;
using MonitorAspire.Simulation.Invariants;
using MonitorAspire.Simulation.Scenarios;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Simulation;

/// <summary>How a simulation ended.</summary>
internal sealed record SimulationResult(Scenario Scenario, Violation? Violation, ulong Hash, int Steps, TimeSpan Simulated, IReadOnlyList<string> Trace);

/// <summary>
/// Runs one scenario: the faults, then the recovery, then the orderly end. Everything happens on the calling thread, and everything follows from
/// the seed.
/// </summary>
internal sealed class Simulation
{
    /// <summary>After so many steps the faults end, so that a seed with much to do takes no longer than others.</summary>
    private const int MostSteps = 20_000;

    /// <summary>So many steps without any time between them are an endless loop.</summary>
    private const int MostStepsAtOnce = 20_000;

    private readonly Scenario _scenario;
    private readonly Trace _trace;
    private readonly Scheduler _scheduler;
    private readonly SimulatedSystem _system;
    private readonly FleetInvariants _invariants;
    private readonly Injector _injector;
    private readonly FleetOptions _options;
    private readonly SimulatedAppHost? _appHost;
    private readonly int[] _ports;
    private SimulatedFleet _fleet;
    private IReadOnlyCollection<string> _stopped = [];
    private volatile Violation? _violation;
    private int _steps;
    private int _corrections = 1000;
    private int _stepsAtRest;
    private TimeSpan _restedAt;

    private Simulation(Scenario scenario, bool trace)
    {
        _scenario = scenario;
        var choices = new Choices(scenario.Seed);
        _trace = new Trace(trace);
        _scheduler = new Scheduler(choices.Fork(2), stack => Violate("left-the-thread", stack)) { Lateness = scenario.Lateness };
        _system = new SimulatedSystem(_scheduler, choices.Fork(3), _trace, Violate);
        _appHost = scenario.HasAttached ? new SimulatedAppHost(_system, choices.Fork(7)) : null;
        _injector = new Injector(_system, _appHost);
        _options = new FleetOptions
        {
            StateDirectory = "/nowhere",
            Probe = new ProbePolicy { Interval = scenario.ProbeInterval, Timeout = scenario.ProbeTimeout },
            Restart = new RestartPolicy { ResetAfter = scenario.ResetAfter },
        };
        _invariants = new FleetInvariants(scenario, _system, _options, Violate);
        if (_appHost is not null)
        {
            _invariants.Attached = new AttachedInvariants(_invariants, _system, _appHost, Violate);
        }

        _ports = [.. scenario.Specs.Select(spec => spec.Port)];
        _system.Spawn(null, null, isRoot: false, null);
        _appHost?.Begin(scenario.Specs.Where(IsAttached));
        _fleet = NewFleet(scenario.Specs);
    }

    public static SimulationResult Run(Scenario scenario, bool trace = false)
    {
        // With a context, continuations would be posted to it and not go on at once.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            var simulation = new Simulation(scenario, trace);
            simulation.Run();
            return new SimulationResult(
                scenario, simulation._violation, simulation._trace.Hash, simulation._steps, simulation._scheduler.Now, simulation._trace.Lines);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private void Run()
    {
        foreach (var fault in _scenario.Faults)
        {
            RunUntil(_scheduler.Now + fault.Gap, () => _steps > MostSteps);
            if (_violation is not null)
            {
                return;
            }

            if (_steps > MostSteps)
            {
                break;
            }

            _trace.Add(_scheduler.Now, fault.ToString());
            Apply(fault);
            Check();
        }

        if (_scenario.EndsEarly)
        {
            // A change that is under way holds up the end by a lock whose waiters continue on the thread pool.
            _injector.EndObstacles();
            RunUntil(TimeSpan.MaxValue, () => !_fleet.IsChanging);
        }
        else
        {
            Recover();
        }

        if (_violation is null)
        {
            End();
        }
    }

    private void Apply(Fault fault)
    {
        var name = $"d{fault.Daemon}";
        switch (fault.Kind)
        {
            case FaultKind.AskStart or FaultKind.AskStop or FaultKind.AskRestart or FaultKind.AskReset:
                _fleet.Ask(fault.Kind, name);
                break;
            case FaultKind.Reload:
                _fleet.Reload(Changed(name, new Choices(fault.Luck)));
                break;
            case FaultKind.CrashSupervisor:
                Crash();
                break;
            case FaultKind.HandOverSupervisor when !_fleet.IsChanging:
                var ending = _fleet.EndAsync(stops: false);
                RunUntil(_scheduler.Now + (_invariants.OperationTime * 2), () => ending.IsCompleted || _system.AreFilesHanging);
                if (ending.IsCompleted)
                {
                    _fleet = NewFleet(_fleet.Specs);
                }
                else
                {
                    Crash();
                }

                break;
            default:
                _injector.Apply(fault, _fleet.Specs.FirstOrDefault(s => s.Name == name)?.Port ?? _ports[fault.Daemon]);
                break;
        }
    }

    private void Crash()
    {
        _fleet.Crash(_ports);
        _fleet = NewFleet(_fleet.Specs);
    }

    private SimulatedFleet NewFleet(IReadOnlyList<DaemonSpec> specs) =>
        new(_system, _invariants, _options, specs, _ports, _scenario.Seed, Violate, new StopMemory(_stopped, names => _stopped = names), _appHost);

    private List<DaemonSpec> Changed(string name, Choices luck)
    {
        var specs = _fleet.Specs.ToList();
        var index = specs.FindIndex(s => s.Name == name);
        switch (luck.Below(6))
        {
            case 0 when index >= 0 && specs.Count > 1:
                specs.RemoveAt(index);
                break;
            case 1 when index >= 0 && specs.Count > 1 && !specs.Exists(IsAttached):
                var other = (index + 1) % specs.Count;
                (specs[index], specs[other]) = (specs[index] with { Port = specs[other].Port }, specs[other] with { Port = specs[index].Port });
                break;
            case 2 when index >= 0:
                specs[index] = specs[index] with { DependsOn = specs[index].DependsOn.Count > 0 ? [] : Original(name).DependsOn };
                break;
            default:
                if (index >= 0)
                {
                    specs[index] = specs[index] with { Arguments = [luck.Below(1000).ToString(CultureInfo.InvariantCulture), .. luck.Chance(0.3) && !IsAttached(specs[index]) ? [SimulatedEngine.Broken] : Array.Empty<string>()] };
                }
                else
                {
                    specs.Add(_appHost is null ? Original(name) with { Port = _ports.First(p => specs.TrueForAll(s => s.Port != p)) } : Original(name));
                }

                break;
        }

        // A daemon that is not there cannot be depended on.
        return specs.ConvertAll(spec => spec.DependsOn.All(d => specs.Exists(s => s.Name == d.Name))
            ? spec
            : spec with { DependsOn = [.. spec.DependsOn.Where(d => specs.Exists(s => s.Name == d.Name))] });
    }

    private static bool IsAttached(DaemonSpec spec) => spec.Launch == LaunchMode.Attached;

    private DaemonSpec Original(string name) => _scenario.Specs.First(s => s.Name == name);

    /// <summary>All faults end. Within a limited time every daemon runs again and every alert is resolved.</summary>
    private void Recover()
    {
        _trace.Add(_scheduler.Now, "the faults end");
        _injector.Heal(_ports);
        var limit = _scheduler.Now + TimeSpan.FromMinutes(15) + (_scenario.ProbeInterval * 12);
        while (!IsCalm())
        {
            if (_scheduler.Now > limit)
            {
                Violate("not-recovered", string.Join(", ", _fleet.Fleet.Daemons.Select(d => $"{d.Name} {d.State} {d.ProbeFailures} failed probes, alerts {string.Join(' ', d.Alerts)}")));
            }

            if (_violation is not null)
            {
                return;
            }

            if (!_fleet.IsChanging && (_fleet.NeedsReload || !IsAsConfigured() || _fleet.Specs.Any(s => SimulatedEngine.IsBroken(s) || _invariants[s.Name].Rejected is not null)))
            {
                // A definition that was rolled back is tried again only when it is changed.
                _fleet.Reload([.. _fleet.Specs.Select(s => s with { Arguments = [(++_corrections).ToString(CultureInfo.InvariantCulture)] })]);
            }

            _appHost?.EndForgotten();
            foreach (var daemon in _fleet.Fleet.Daemons)
            {
                if (daemon.State is DaemonState.Failed or DaemonState.Stopped && _invariants[daemon.Name] is var truth
                    && (daemon.State == DaemonState.Failed || truth.IsStopAsked || truth.MustStartSince is null) && !_fleet.IsAsked(daemon.Name) && !_fleet.IsChanging)
                {
                    _fleet.Ask(FaultKind.AskStart, daemon.Name);
                }
            }

            RunUntil(_scheduler.Now + TimeSpan.FromSeconds(1));
        }

        if (_invariants.OpenAlerts is [var open, ..])
        {
            Violate("alert-open", open);
        }
    }

    private bool IsCalm() => _fleet.IsIdle && !_fleet.IsChanging && !_fleet.NeedsReload
        && IsAsConfigured()
        && _fleet.Fleet.Daemons.All(d => d is { State: DaemonState.Running, ProbeFailures: 0, Alerts.Count: 0 }
            && _system.RootOf(d.Port, d.Pid) is { ServesSurely: true } root
            && _system.Files(d.Port).PidInFile == root.Pid);

    private bool IsAsConfigured() => _fleet.Specs.Select(s => (s.Name, s.Port)).SequenceEqual(_fleet.Fleet.Daemons.Select(d => (d.Name, d.Port)));

    /// <summary>The supervisor ends in order: nothing of ours is left.</summary>
    private void End()
    {
        _trace.Add(_scheduler.Now, "the end");
        var ending = _fleet.EndAsync(stops: true);
        RunUntil(_scheduler.Now + (_invariants.OperationTime * (_scenario.EndsEarly ? _fleet.Specs.Count + 1 : 1)), () => ending.IsCompleted);
        if (_violation is null && !ending.IsCompleted)
        {
            Violate("end-hangs", "the supervisor does not end");
        }

        if (_system.Alive.FirstOrDefault(p => p.Owner is { } owner && !_scenario.Specs.Any(s => s.Port == owner && IsAttached(s))) is { } left)
        {
            Violate("left-behind", $"{left} lives after the end of its supervisor");
        }

        if (_scenario.Specs.FirstOrDefault(s => !IsAttached(s) && _system.IsLocked(s.Port))?.Port is { } port)
        {
            Violate("left-behind", $"the lock of port {port} is held after the end of its supervisor");
        }
    }

    private void RunUntil(TimeSpan at, Func<bool>? condition = null)
    {
        while (_violation is null && condition?.Invoke() != true && _scheduler.NextDue is { } due && due <= at)
        {
            _scheduler.Step();
            _steps++;
            if (_scheduler.Now - _restedAt > TimeSpan.FromSeconds(1))
            {
                (_restedAt, _stepsAtRest) = (_scheduler.Now, _steps);
            }
            else if (_steps - _stepsAtRest > MostStepsAtOnce)
            {
                Violate("no-rest", $"more than {MostStepsAtOnce} steps within a second");
            }

            Check();
        }

        if (condition?.Invoke() != true)
        {
            _scheduler.MoveTo(at);
        }
    }

    private void Check()
    {
        if (_violation is null)
        {
            _fleet.Check();
        }
    }

    private void Violate(string invariant, string detail)
    {
        var violation = new Violation(invariant, detail, _scheduler?.Now ?? TimeSpan.Zero);
        if (Interlocked.CompareExchange(ref _violation, violation, null) is null)
        {
            _trace.Add(violation.At, $"VIOLATED {invariant}: {detail}");
        }
    }
}
