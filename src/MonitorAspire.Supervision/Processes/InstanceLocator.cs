using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Processes;

internal enum LocatedKind
{
    /// <summary>There is no living instance of ours.</summary>
    None,

    Instance,

    /// <summary>A launcher is about to spawn one: the lock is held, and the record names only the launcher.</summary>
    Launching,

    /// <summary>The instance is dead, but other members live.</summary>
    Leaked,

    /// <summary>The lock is held by a process that is not ours.</summary>
    Unprovable,
}

/// <summary>
/// What was found out about the instance of one port. The identity is the living instance, or the dead one of <see cref="LocatedKind.Leaked"/>,
/// where it is known. The proof is <c>lock</c>, <c>session</c>, <c>control-group</c>, <c>instance-id</c>, <c>log</c> or <c>launcher</c>; where the platform shows none of them,
/// <c>record</c>. The processes are the members of a dead instance, or the processes that hold the lock.
/// </summary>
internal sealed record Located(
    LocatedKind Kind, InstanceSigns Signs, string? Proof, InstanceRecord? Record, bool LockHeld, IReadOnlyList<ProcessInfo> Processes)
{
    internal ProcessIdentity? Identity => Signs.Root;

    internal string? InstanceId => Signs.InstanceId;

    /// <summary>The dead root, for a message.</summary>
    internal string DeadRoot => Identity is { } dead ? $"PID {dead.Pid}" : "the main process";

    /// <summary>The processes with their executables, for a message.</summary>
    internal string ProcessList => Processes.Count == 0 ? "a process that this user may not see" : Describe(Processes);

    internal static string Describe(IEnumerable<ProcessInfo> processes) => string.Join(", ", processes.Select(p => $"PID {p.Pid} ({p.Executable})"));
}

/// <summary>
/// Finds the instance of a port. A record alone proves nothing: its process must hold the lock, be in the instance's session or tree, or have
/// its id in the environment. The PID file is only a hint.
/// </summary>
internal sealed class InstanceLocator(ProcessTable table, InstanceTree tree, ListenerProbe listeners, TimeProvider time)
{
    private const int Attempts = 5;

    private readonly FileCache<InstanceRecord?> _records = new(InstanceRecord.Read, time);

    /// <summary>Finds the instance. Changes nothing.</summary>
    /// <param name="files">The files of the port.</param>
    /// <param name="told">The process that the daemon's launcher has named to this program, where there is one. It needs no other proof.</param>
    /// <param name="lockIsMine">Whether this process has just taken the lock, so that no other process holds it.</param>
    internal Located Locate(DaemonFiles files, ProcessIdentity? told = null, bool lockIsMine = false)
    {
        // Record and lock are read one after the other. Where a launcher wrote the record in between, both do not match, and both are
        // read again. A lock that a process held only for a moment, to test it, proves nothing either.
        for (var attempt = 1; ; attempt++)
        {
            var record = _records.Read(files.InstanceFile);
            var located = Locate(files, record, told, lockIsMine);
            var matches = _records.Read(files.InstanceFile)?.IsSameInstance(record) ?? record is null;
            var wasBrief = located is { Kind: LocatedKind.Unprovable, LockHeld: true } && InstanceLock.IsHeld(files.LockFile) == false;
            if (attempt == Attempts || (matches && !wasBrief))
            {
                return located;
            }
        }
    }

    // sshd closes the lock and overwrites its environment. The launcher gave it a session of its own, and the log as output.
    private bool LeadsSessionAndWrites(ProcessIdentity process, string log) =>
        table.Describe(process.Pid) is { } found && found.Identity == process && found.Session == process.Pid
        && FileIdentity.Of(log) is { } file
        && ((int[])[1, 2]).Any(output => ProcFiles.Stat(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Pid}/fd/{output}"), out var opened, out _) == ProcAccess.Ok && opened == file);

    private Located Locate(DaemonFiles files, InstanceRecord? record, ProcessIdentity? told, bool lockIsMine)
    {
        // The id of another port was inherited from that port's instance.
        var id = InstanceRecord.InstanceIdFor(files.Port, record?.InstanceId);
        var signs = new InstanceSigns(null, id, files.LockFile, record?.Launcher, record?.ControlGroup);
        if (told is { } named && table.IsAlive(named))
        {
            return Instance(named, QuickProof(named, id, files) ?? "launcher");
        }

        var recorded = record?.Identity is { } alive && table.IsAlive(alive) ? record.Identity : null;
        if (recorded is { } living && QuickProof(living, id, files) is { } proof)
        {
            return Instance(living, proof);
        }

        // Without a record only a holder of the lock can be an instance. To look for one means to read the descriptors of all processes.
        var isUnheld = lockIsMine || !File.Exists(files.LockFile);
        if (record is null && told is null && isUnheld)
        {
            return new(LocatedKind.None, signs, null, record, LockHeld: false, []);
        }

        var launcher = record?.Launcher is { } launching && table.IsAlive(launching) ? record.Launcher : null;

        // A lock that this user may not test does not count as free.
        var held = !lockIsMine && InstanceLock.IsHeld(files.LockFile) != false;
        if (held && launcher is not null && record is { Pid: 0 })
        {
            return new(LocatedKind.Launching, signs, null, record, held, []);
        }

        if (recorded is { } only && table.Files is null && held)
        {
            return Instance(only, "record");
        }

        // The process closed the lock, but what it started still holds it, and the lock notes this process as the root.
        var holders = lockIsMine ? [] : table.HoldersOf(files.LockFile);
        if (recorded is { } root && holders.Any(h => h.IsOurs && h.RootPid == root.Pid))
        {
            return Instance(root, "session");
        }

        if (recorded is { } writer && OperatingSystem.IsLinux() && LeadsSessionAndWrites(writer, files.LogFile))
        {
            return Instance(writer, "log");
        }

        var members = tree.Members(signs, readsDescriptors: !lockIsMine);
        if (members.Count > 0)
        {
            var main = members.FirstOrDefault(m => m.Identity == recorded) is { } same ? same
                : held ? MainProcess(files, members)
                : null;
            return main is not null
                ? Instance(main.Identity, table.HolderOf(main.Pid, files.LockFile) is { IsOurs: true } ? "lock" : ControlGroup.Current.MembersOf(signs.ControlGroup, id).Contains(main.Pid) ? "control-group" : "session")
                : new(LocatedKind.Leaked, signs with { Root = recorded is null ? record?.Identity : null }, null, record, held, members);
        }

        var strangers = holders.Where(h => !h.IsDeleted && h.Pid != Environment.ProcessId && h.Pid != launcher?.Pid)
            .Select(h => table.Describe(h.Pid)).OfType<ProcessInfo>().ToList();
        return held || strangers.Count > 0
            ? new(LocatedKind.Unprovable, signs, null, record, held, strangers)
            : new(LocatedKind.None, signs, null, record, LockHeld: false, []);

        Located Instance(ProcessIdentity identity, string by) => new(
            LocatedKind.Instance,
            signs with { Root = identity, InstanceId = id ?? InstanceRecord.InstanceIdFor(files.Port, ProcessEnvironment.Get(table, identity.Pid, InstanceRecord.EnvironmentVariable)) },
            by,
            record,
            by == "lock" || InstanceLock.IsHeld(files.LockFile) != false,
            []);
    }

    // What one look at the process itself proves. Nearly every instance is proved here.
    private string? QuickProof(ProcessIdentity identity, string? id, DaemonFiles files) =>
        table.HolderOf(identity.Pid, files.LockFile) is { IsOfAnInstance: true } ? "lock"
        : id is not null && ProcessEnvironment.Get(table, identity.Pid, InstanceRecord.EnvironmentVariable) == id ? "instance-id"
        : null;

    /// <summary>
    /// The member that the instance goes on with, where the record is lost or its process has ended: the one in the daemon's PID file, the root
    /// that the lock notes, or the one that serves the port and is no child of another member. Such a process took over from its master
    /// (SIGUSR2 of nginx and gunicorn). Several of them, without children, are the workers of a dead master; then there is none.
    /// </summary>
    private ProcessInfo? MainProcess(DaemonFiles files, IReadOnlyList<ProcessInfo> members)
    {
        var inFile = PidFile.Read(files.PidFile);
        if (inFile.State == PidFileState.Valid && members.FirstOrDefault(m => m.Pid == inFile.Pid) is { } named)
        {
            return named;
        }

        var noted = members.Select(m => table.HolderOf(m.Pid, files.LockFile)).FirstOrDefault(h => h is not null)?.RootPid;
        if (members.FirstOrDefault(m => m.Pid == noted) is { } root)
        {
            return root;
        }

        var serving = listeners.FindOwners(files.Port, [.. members.Select(m => m.Pid)]).SelectMany(l => l.Pids).ToHashSet();
        var parents = members.Select(m => m.ParentPid).ToHashSet();
        var masters = members.Where(m => members.All(o => o.Pid != m.ParentPid) && Serves(m.Pid)).ToList();
        return masters.Count > 1 && masters.Where(m => parents.Contains(m.Pid)).ToList() is [var withWorkers] ? withWorkers
            : masters is [var only] ? only
            : null;

        bool Serves(int pid) => serving.Contains(pid) || members.Any(m => m.ParentPid == pid && Serves(m.Pid));
    }
}
