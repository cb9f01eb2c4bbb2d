using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Simulation.World;

/// <summary>What the program of a daemon does after its launch: it listens, becomes healthy, and may have children or end.</summary>
internal sealed class SimulatedProgram(SimulatedSystem system, SimulatedProcess process)
{
    private readonly int _port = process.Owner!.Value;
    private readonly Behaviour _behaviour = system.NextBehaviour(process.Owner!.Value);

    private SimulatedFiles Files => system.Files(_port);

    /// <summary>Runs a program whose launcher has given it the lock and writes its files.</summary>
    public void Run(bool endsAtOnce)
    {
        Begin();
        RunFrom(TimeSpan.Zero, endsAtOnce ? TimeSpan.FromMilliseconds(1) : _behaviour.ExitsAfter);
    }

    /// <summary>Runs a program that another launcher has launched. It may have to claim lock and files by itself.</summary>
    public void RunAttached(bool claims, object launcher)
    {
        Begin();
        if (claims)
        {
            system.Scheduler.After(_behaviour.ClaimsAfter, () => Claim(launcher));
        }

        RunFrom(claims ? _behaviour.ClaimsAfter : TimeSpan.Zero, _behaviour.ExitsAfter);
    }

    private void Begin()
    {
        process.Health = Health.Failing;
        process.EndsAfter = _behaviour.EndsAfter;
    }

    private void RunFrom(TimeSpan claimed, TimeSpan? exitsAfter)
    {
        system.Scheduler.After(claimed + _behaviour.BindsAfter, Bind);
        system.Scheduler.After(claimed + _behaviour.BindsAfter + _behaviour.HealthyAfter, () => process.Health = process.Health == Health.Failing ? Health.Good : process.Health);
        if (exitsAfter is { } after)
        {
            system.Scheduler.After(after, () => system.Kill(process, new ProcessExit(_behaviour.ExitCode, null)));
        }
    }

    private void Claim(object launcher)
    {
        if (!process.IsAlive)
        {
            return;
        }

        if (system.IsLocked(_port) || system.IsDiskFull)
        {
            system.Kill(process, new ProcessExit(1, null));
            return;
        }

        process.HoldsLock = true;
        Files.Record = new SimulatedRecord(process.Identity, process.InstanceId ?? "", 0, system.Scheduler.GetUtcNow(), null, launcher);
        Files.PidFile = process.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        process.WhenEnded(exit =>
        {
            // In an orderly end it removes its files.
            if (exit.Signal is null && Files.Record?.Identity == process.Identity)
            {
                Files.Record = null;
                Files.PidFile = Files.PidInFile == process.Pid ? null : Files.PidFile;
            }
        });
    }

    private void Bind()
    {
        if (!process.IsAlive)
        {
            return;
        }

        if (system.IsPortTaken(_port))
        {
            system.Kill(process, new ProcessExit(98, null));
            return;
        }

        process.ListensOn = _port;
        if (!process.IsAttached)
        {
            // A program closes what it inherited after its first milliseconds. By then its launcher has written the record, or is dead.
            process.HoldsLock = !_behaviour.ClosesLock || Files.Record?.Identity != process.Identity;
        }

        for (var i = 0; i < _behaviour.Children; i++)
        {
            var child = system.Spawn(process, _port, isRoot: false, _behaviour.OverwritesEnvironment ? null : process.InstanceId);
            child.EndsAfter = _behaviour.EndsAfter;
            child.HoldsLock = process.HoldsLock && !process.IsAttached;
        }
    }
}
