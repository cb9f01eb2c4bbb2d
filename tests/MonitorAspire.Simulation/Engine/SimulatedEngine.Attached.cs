using MonitorAspire.Simulation.World;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Simulation.Engine;

/// <summary>What the engine does for daemons that another program launches.</summary>
internal sealed partial class SimulatedEngine
{
    private static readonly object NoLauncher = new();

    public DaemonInstance? Register(DaemonSpec spec, int pid, int restarts)
    {
        RequireLife();
        if (_system.Find(pid) is not { } process)
        {
            return null;
        }

        var files = _system.Files(spec.Port);
        var located = Locate(spec.Port);
        if (located.Kind == LocatedKind.Instance)
        {
            return located.Root == process ? HandleOf(process, spec.Port, isChild: false) : null;
        }

        if (_system.IsLocked(spec.Port) || _system.IsDiskFull)
        {
            return null;
        }

        files.Record = new SimulatedRecord(process.Identity, process.InstanceId ?? "", restarts, _system.Scheduler.GetUtcNow(), null, NoLauncher);
        files.PidFile = Text(pid);
        return HandleOf(process, spec.Port, isChild: false);
    }

    public DaemonInstance Confirm(DaemonSpec spec, DaemonInstance instance, int restarts)
    {
        RequireLife();
        var verifiedAt = _system.Scheduler.GetUtcNow();
        var files = _system.Files(spec.Port);
        if (!_system.IsDiskFull && files.Record is { } record && record.Identity == instance.Identity)
        {
            files.Record = record with { Restarts = restarts, VerifiedAt = verifiedAt };
        }

        if (_system.Find(instance.Identity) is { } process)
        {
            process.VerifiedAt = _system.Scheduler.Now;
            process.WasDown = !process.ServesSurely;
        }

        return new DaemonInstance(instance.Identity, instance.Port, instance.StartedAt, restarts, instance.Exited);
    }

    public void Forget(DaemonInstance instance)
    {
        // Also called while a crashed supervisor is taken out of the memory.
        var files = _system.Files(instance.Port);
        if (IsCrashed || _system.Find(instance.Identity) is not null || _system.IsLocked(instance.Port))
        {
            return;
        }

        files.Record = files.Record?.Identity == instance.Identity ? null : files.Record;
        files.PidFile = files.PidInFile == instance.Pid ? null : files.PidFile;
    }

    private void RequireOwn(DaemonSpec spec)
    {
        if (spec.Launch == LaunchMode.Attached)
        {
            observer.OnAttachedTouched(spec);
        }
    }
}
