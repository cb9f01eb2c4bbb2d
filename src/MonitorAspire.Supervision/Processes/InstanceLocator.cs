using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

/// <summary>What there is of an instance on one port.</summary>
internal enum LocatedKind
{
    /// <summary>Nothing of ours lives.</summary>
    None,

    /// <summary>A proven living instance.</summary>
    Instance,

    /// <summary>Somebody is about to spawn one: the lock is held and the record names its launcher only.</summary>
    Launching,

    /// <summary>The instance is dead, but descendants of it live and hold on to its lock.</summary>
    Leaked,

    /// <summary>The lock is held by somebody about whom nothing can be proved.</summary>
    Unprovable,
}

/// <summary>What was found out about the instance on one port.</summary>
/// <param name="Kind">All in all.</param>
/// <param name="Identity">The living instance, for <see cref="LocatedKind.Instance"/>; the dead one, for <see cref="LocatedKind.Leaked"/>.</param>
/// <param name="InstanceId">Its instance id, where it has one.</param>
/// <param name="Proof"><c>lock</c> or <c>record</c>, for <see cref="LocatedKind.Instance"/>.</param>
/// <param name="Record">The record, where there is a readable one.</param>
/// <param name="LockHeld">Whether the lock is held.</param>
/// <param name="Holders">PIDs that hold it, as far as this user may see.</param>
internal sealed record Located(
    LocatedKind Kind,
    ProcessIdentity? Identity,
    string? InstanceId,
    string? Proof,
    InstanceRecord? Record,
    bool LockHeld,
    IReadOnlyList<int> Holders);

/// <summary>
/// Finds the instance of a port without believing any PID: the record names a process life, the kernel says who holds the
/// lock, and the PID file is only a hint.
/// </summary>
internal sealed class InstanceLocator(ProcessTable table)
{
    /// <summary>The id, if it is one of an instance of this port; otherwise <see langword="null"/>.</summary>
    internal static string? IdForPort(string? instanceId, int port) => InstanceRecord.IsInstanceIdOf(instanceId, port) ? instanceId : null;

    /// <summary>Looks. Changes nothing.</summary>
    internal Located Locate(DaemonFiles files)
    {
        // Record and lock are two looks. Where a launcher wrote the record in between, what was seen does not fit together; a lock
        // that was held for that moment only, by somebody else's look, proves nothing.
        for (var attempt = 1; ; attempt++)
        {
            var record = InstanceRecord.Read(files.InstanceFile);
            var located = Locate(files, record);
            var fits = InstanceRecord.Read(files.InstanceFile)?.IsSameInstance(record) ?? record is null;
            var passed = located.Kind == LocatedKind.Unprovable && InstanceLock.IsHeld(files.LockFile) == false;
            if (attempt == Attempts || (fits && !passed))
            {
                return located;
            }
        }
    }

    private const int Attempts = 5;

    private Located Locate(DaemonFiles files, InstanceRecord? record)
    {
        if (record?.Identity is { } recorded && table.IsAlive(recorded))
        {
            var byLock = table.HoldsLock(recorded.Pid, files.LockFile);
            return new(LocatedKind.Instance, recorded, record.InstanceId, byLock ? "lock" : "record", record, byLock || InstanceLock.IsHeld(files.LockFile) != false, []);
        }

        // Not allowed to look is not the same as free.
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
        // The record is lost, wrong or of a dead process. What holds the lock and was started with an instance id of this port
        // is an instance, or what is left of one.
        var marked = holders
            .Select(pid => (Pid: pid, Id: IdForPort(ProcessEnvironment.Get(table, pid, InstanceRecord.EnvironmentVariable), files.Port)))
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
