using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

internal enum LocatedKind
{
    /// <summary>There is no living instance of ours.</summary>
    None,

    Instance,

    /// <summary>A launcher is about to spawn one: the lock is held, and the record names only the launcher.</summary>
    Launching,

    /// <summary>The instance is dead, but its descendants live and hold its lock.</summary>
    Leaked,

    /// <summary>The lock is held by a process that cannot be proved to be ours.</summary>
    Unprovable,
}

/// <summary>
/// What was found out about the instance of one port. The identity is the living instance, or the dead one of
/// <see cref="LocatedKind.Leaked"/>. The proof of an instance is <c>lock</c> or <c>record</c>. The holders of the lock are the PIDs that
/// this user may see.
/// </summary>
internal sealed record Located(
    LocatedKind Kind, ProcessIdentity? Identity, string? InstanceId, string? Proof, InstanceRecord? Record, bool LockHeld, IReadOnlyList<int> Holders);

/// <summary>Finds the instance of a port. The record (PID, start time, boot) and the holders of the lock prove it; the PID file is only a hint.</summary>
internal sealed class InstanceLocator(ProcessTable table)
{
    private const int Attempts = 5;

    /// <summary>Finds the instance. Changes nothing.</summary>
    internal Located Locate(DaemonFiles files)
    {
        // Record and lock are read one after the other. Where a launcher wrote the record in between, both do not match, and both are
        // read again. A lock that a process held only for a moment, to test it, proves nothing either.
        for (var attempt = 1; ; attempt++)
        {
            var record = InstanceRecord.Read(files.InstanceFile);
            var located = Locate(files, record);
            var matches = InstanceRecord.Read(files.InstanceFile)?.IsSameInstance(record) ?? record is null;
            var wasBrief = located.Kind == LocatedKind.Unprovable && InstanceLock.IsHeld(files.LockFile) == false;
            if (attempt == Attempts || (matches && !wasBrief))
            {
                return located;
            }
        }
    }

    private Located Locate(DaemonFiles files, InstanceRecord? record)
    {
        if (record?.Identity is { } recorded && table.IsAlive(recorded))
        {
            var byLock = table.HoldsLock(recorded.Pid, files.LockFile);
            return new(LocatedKind.Instance, recorded, record.InstanceId, byLock ? "lock" : "record", record, byLock || InstanceLock.IsHeld(files.LockFile) != false, []);
        }

        // A lock that this user may not test does not count as free.
        if (InstanceLock.IsHeld(files.LockFile) == false)
        {
            return new(LocatedKind.None, null, null, null, record, LockHeld: false, []);
        }

        var holders = table.LockHolders(files.LockFile);
        if (record is { Pid: 0, Launcher: { } launcher } && table.IsAlive(launcher))
        {
            return new(LocatedKind.Launching, null, record.InstanceId, null, record, LockHeld: true, holders);
        }

        return LocateByLock(files, record, holders);
    }

    private Located LocateByLock(DaemonFiles files, InstanceRecord? record, IReadOnlyList<int> holders)
    {
        // The record is lost, wrong or names a dead process. A process that holds the lock and has an instance id of this port is the
        // instance, or a descendant of it.
        var marked = holders
            .Select(pid => (Pid: pid, Id: InstanceRecord.InstanceIdFor(files.Port, ProcessEnvironment.Get(table, pid, InstanceRecord.EnvironmentVariable))))
            .Where(h => h.Id is not null)
            .Select(h => (Process: table.Describe(h.Pid), h.Id))
            .Where(h => h.Process is { IsZombie: false })
            .OrderBy(h => h.Process!.StartTicks)
            .ToList();

        var inFile = PidFile.Read(files.PidFile);
        if (inFile.State == PidFileState.Valid && holders.Contains(inFile.Pid) && table.Describe(inFile.Pid) is { IsZombie: false } named)
        {
            return new(LocatedKind.Instance, named.Identity, marked.FirstOrDefault(m => m.Process!.Pid == named.Pid).Id, "lock", record, LockHeld: true, holders);
        }

        if (record?.Identity is { } dead && marked.Exists(m => m.Id == record.InstanceId))
        {
            return new(LocatedKind.Leaked, dead, record.InstanceId, null, record, LockHeld: true, holders);
        }

        return marked is [{ Process: { } oldest } first, ..]
            ? new(LocatedKind.Instance, oldest.Identity, first.Id, "lock", record, LockHeld: true, holders)
            : new(LocatedKind.Unprovable, null, null, null, record, LockHeld: true, holders);
    }
}
