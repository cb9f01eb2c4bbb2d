using MonitorAspire.Simulation.AppHost;
using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Simulation.Scenarios;

/// <summary>Carries out the faults of the system. Those of the fleet are the simulation's.</summary>
internal sealed class Injector(SimulatedSystem system, SimulatedAppHost? appHost)
{
    public void Apply(Fault fault, int port)
    {
        var luck = new Choices(fault.Luck);
        var files = system.Files(port);
        var root = system.RootOf(port);
        switch (fault.Kind)
        {
            case FaultKind.KillRoot when root is not null:
                system.Kill(root, new ProcessExit(null, luck.Of(9, 11, 15)));
                break;
            case FaultKind.ExitRoot when root is not null:
                system.Kill(root, new ProcessExit(luck.Of(0, 1, 137), null));
                break;
            case FaultKind.KillMember when system.AliveOf(port).FirstOrDefault(p => !p.IsRoot) is { } member:
                system.Kill(member, new ProcessExit(null, 9));
                break;
            case FaultKind.OrphanMembers when root is not null:
                Fork(root, 1 + luck.Below(3));
                system.Kill(root, new ProcessExit(null, 9));
                break;
            case FaultKind.LoseSocket when root is not null:
                root.ListensOn = null;
                break;
            case FaultKind.Sicken when root is not null:
                root.Health = luck.Of(Health.Failing, Health.Slow, Health.Hanging, Health.Refusing, Health.Lying);
                root.AnswersAfter = luck.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(5));
                break;
            case FaultKind.Recover when root is not null:
                root.Health = Health.Good;
                break;
            case FaultKind.ForeignTakesPort when !system.IsPortTaken(port):
            case FaultKind.Contest when system.Listeners(port).Any() && system.Listeners(port).All(l => l.Owner is not null):
                system.Spawn(null, null, isRoot: false, null).ListensOn = port;
                break;
            case FaultKind.ForeignLeaves:
                foreach (var foreign in system.Listeners(port).Where(l => l.Owner is null).ToList())
                {
                    system.Kill(foreign, new ProcessExit(0, null));
                }

                break;
            case FaultKind.LosePidFile:
                files.PidFile = null;
                break;
            case FaultKind.TearPidFile:
                files.PidFile = luck.Of("", "4x", "-1");
                break;
            case FaultKind.PidFileNamesForeign when system.Alive.FirstOrDefault(p => p.Owner is null) is { } foreign:
                files.PidFile = foreign.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture);
                break;

            // A daemon that has closed the lock has no other proof than its record.
            case FaultKind.LoseRecord when (root?.HoldsLock != false || root.IsAttached) && files.LauncherWithLock is null:
                files.Record = null;
                break;
            case FaultKind.JumpWallClock:
                var jump = luck.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(400));
                system.Scheduler.WallOffset += luck.Chance(0.5) && system.Scheduler.WallOffset - jump > TimeSpan.FromDays(-4000) ? -jump : jump;
                break;
            case FaultKind.SlowThreads:
                system.Scheduler.Lateness = luck.Duration(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(300));
                break;
            case FaultKind.HangInKernel when root is not null:
                root.IsUninterruptible = true;
                break;
            case FaultKind.Fork when root is not null:
                Fork(root, 1 + luck.Below(3));
                break;
            case FaultKind.ReusePids:
                for (var i = 0; i < 30; i++)
                {
                    system.Kill(system.Spawn(null, null, isRoot: false, null), new ProcessExit(0, null));
                }

                break;
            case >= FaultKind.PersonStarts and not FaultKind.LateClaim:
                ApplyToAppHost(fault, luck);
                break;
            default:
                ApplyToAll(fault.Kind, port);
                Behave(fault.Kind, port, luck);
                break;
        }
    }

    /// <summary>Everything works again.</summary>
    public void Heal(IEnumerable<int> ports)
    {
        EndObstacles();
        system.Scheduler.Lateness = TimeSpan.Zero;
        system.MissingCommands.Clear();
        system.Behaviours.Clear();
        foreach (var port in ports)
        {
            Apply(new Fault(0, default, FaultKind.ForeignLeaves, 0, 0), port);
        }

        appHost?.Heal();
        foreach (var process in system.Alive.Where(p => p.Owner is not null).ToList())
        {
            process.EndsAfter ??= TimeSpan.FromMilliseconds(5);
            process.Health = Health.Good;
        }

        system.EndLingering();
    }

    /// <summary>What no supervisor can overcome ends: without it, every stop is possible.</summary>
    public void EndObstacles()
    {
        foreach (var kind in (FaultKind[])[FaultKind.FreeDisk, FaultKind.FreeDescriptors, FaultKind.UnhangFiles, FaultKind.UnhangInKernel])
        {
            ApplyToAll(kind, 0);
        }
    }

    private void ApplyToAppHost(Fault fault, Choices luck)
    {
        var (host, name, millisecond) = (appHost!, $"d{fault.Daemon}", TimeSpan.FromMilliseconds(1));
        switch (fault.Kind)
        {
            case FaultKind.PersonStarts:
                host.PersonStarts(name);
                break;
            case FaultKind.PersonStops:
                host.PersonStops(name);
                break;
            case FaultKind.PersonRestarts:
                host.PersonRestarts(name);
                break;
            case FaultKind.LaunchSecond when host.Find(name) is { } resource && system.AliveOf(resource.Port).Count() < 4:
                host.LaunchSecond(name);
                break;
            case FaultKind.LauncherIsSlow or FaultKind.LauncherIsQuick:
                host.CommandTime = fault.Kind == FaultKind.LauncherIsSlow ? luck.Duration(millisecond, TimeSpan.FromMinutes(2)) : TimeSpan.FromMilliseconds(50);
                break;
            case FaultKind.LauncherRefuses:
                host.Refusals = 1 + luck.Below(6);
                break;
            case FaultKind.LauncherLosesAnswers:
                host.LostAnswers = 1 + luck.Below(3);
                break;
            case FaultKind.LauncherAnswersTwice:
                host.AnswersTwice = !host.AnswersTwice;
                break;
            case FaultKind.LauncherReportsLate:
                host.ReportTime = luck.Duration(millisecond, TimeSpan.FromSeconds(20));
                break;
            case FaultKind.LoseConnection:
                host.LoseConnection();
                break;
            case FaultKind.LauncherDies:
                host.Die(killsProcesses: luck.Chance(0.5), luck.Duration(millisecond, TimeSpan.FromMinutes(3)));
                break;
        }
    }

    private void ApplyToAll(FaultKind kind, int port)
    {
        switch (kind)
        {
            case FaultKind.FillDisk or FaultKind.FreeDisk:
                system.IsDiskFull = kind == FaultKind.FillDisk;
                break;
            case FaultKind.ExhaustDescriptors or FaultKind.FreeDescriptors:
                system.IsOutOfDescriptors = kind == FaultKind.ExhaustDescriptors;
                break;
            case FaultKind.HangFiles or FaultKind.UnhangFiles:
                system.AreFilesHanging = kind == FaultKind.HangFiles;
                break;
            case FaultKind.LoseCommand:
                system.MissingCommands.Add(port);
                break;
            case FaultKind.RestoreCommand:
                system.MissingCommands.Remove(port);
                break;
            case FaultKind.UnhangInKernel:
                system.EndUninterruptible();
                break;
        }
    }

    private void Behave(FaultKind kind, int port, Choices luck)
    {
        var (millisecond, minute) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Behaviour? next = kind switch
        {
            FaultKind.SlowStart => new() { BindsAfter = luck.Duration(millisecond, minute), HealthyAfter = luck.Duration(millisecond, minute) },
            FaultKind.LateClaim => new() { ClaimsAfter = luck.Duration(millisecond, minute) },
            FaultKind.NeverReady => luck.Chance(0.5) ? new() { BindsAfter = TimeSpan.FromDays(1000) } : new() { HealthyAfter = TimeSpan.FromDays(1000) },
            FaultKind.ExitEarly => new() { ExitsAfter = luck.Duration(TimeSpan.FromMicroseconds(1), minute), ExitCode = luck.Below(3), Children = luck.Below(2) },
            FaultKind.SlowStop => new() { EndsAfter = luck.Duration(millisecond, minute), Children = luck.Below(3), OverwritesEnvironment = luck.Chance(0.5) },
            FaultKind.IgnoreSigterm => new() { EndsAfter = null, ClosesLock = luck.Chance(0.5) },
            _ => null,
        };
        if (next is not null)
        {
            system.Behaviours[port] = next with { Times = 1 + luck.Below(7) };
            if (kind is FaultKind.SlowStop or FaultKind.IgnoreSigterm)
            {
                system.RootOf(port)?.EndsAfter = next.EndsAfter;
            }
        }
    }

    // The descendants of a dead daemon that had closed the lock are found by nothing: such a daemon has none here.
    private void Fork(SimulatedProcess root, int children)
    {
        for (var i = 0; i < children && root.HoldsLock && system.AliveOf(root.Owner!.Value).Count() < 6; i++)
        {
            var child = system.Spawn(root, root.Owner, isRoot: false, root.InstanceId);
            child.HoldsLock = root.HoldsLock && !root.IsAttached;
        }
    }
}
