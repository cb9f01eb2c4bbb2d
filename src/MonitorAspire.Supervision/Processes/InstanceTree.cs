using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// Finds the members of an instance. They are: the root; its descendants; the processes in the session that the launcher made for it; every
/// process that holds the open file description of its lock; the processes in its control group; and those that have its id in their environment.
/// </summary>
/// <remarks>
/// A program can overwrite its environment, but neither its lock nor its session nor its parent nor its control group. A process with the lock or the id of
/// <em>another</em> instance is never a member, and its children are not searched: a supervisor that is an instance itself must not stop its
/// daemons with its own tree.
/// </remarks>
internal sealed class InstanceTree(ProcessTable table)
{
    private const int Looks = 10;

    private readonly SharedLooks _looks = new(table);

    /// <summary>A function that tells whether a PID is the root or a member. It searches the tree only for another PID than the root's.</summary>
    internal Func<int, bool> Membership(InstanceSigns signs)
    {
        var others = new Lazy<HashSet<int>>(() => [.. Members(signs).Select(m => m.Pid)]);
        return pid => pid == signs.Root?.Pid || others.Value.Contains(pid);
    }

    /// <summary>The member that calls itself by this PID in its own PID namespace, as a daemon in a container does; <see langword="null"/> where there is none.</summary>
    internal ProcessInfo? MemberKnownAs(InstanceSigns signs, int pid) =>
        pid <= 0 ? null
        : Members(signs) is var members && members.FirstOrDefault(m => m.Pid == pid) is { } member ? member
        : members.FirstOrDefault(m => table.InnermostPid(m.Pid) == pid);

    /// <summary>The living members, oldest first. Zombies are dead and not listed.</summary>
    /// <param name="signs">What they are recognised by.</param>
    /// <param name="readsDescriptors">Whether those are found that only the lock shows. Default yes.</param>
    internal IReadOnlyList<ProcessInfo> Members(InstanceSigns signs, bool readsDescriptors = true)
    {
        for (var look = 1; ; look++)
        {
            if (Members(signs, new ProcessLook(table, readsDescriptors ? [signs.LockFile] : []), isLast: look == Looks) is { } members)
            {
                return members;
            }
        }
    }

    /// <summary>The same, by looks that all who ask at the same time share.</summary>
    /// <param name="signs">What they are recognised by.</param>
    /// <param name="readsDescriptors">Whether those are found that only the lock shows.</param>
    internal async Task<(IReadOnlyList<ProcessInfo> Members, ProcessLook Look)> MembersAsync(InstanceSigns signs, bool readsDescriptors)
    {
        for (var count = 1; ; count++)
        {
            var look = await _looks.LookAsync(readsDescriptors ? signs.LockFile : null).ConfigureAwait(false);
            if (Members(signs, look, isLast: count == Looks) is { } members)
            {
                return (members, look);
            }
        }
    }

    // The holders are read first. One that has ended since may have left a child that is not among them, and then both are read again. At last
    // each holder must still hold the lock: its PID may be another process's by now, or it has executed its program and so closed the lock.
    // The group is read last: a process in it that was not seen before is new, and then everything is read again.
    private List<ProcessInfo>? Members(InstanceSigns signs, ProcessLook look, bool isLast)
    {
        var holders = look.HoldersOf(signs.LockFile).Where(IsMembersLock).ToList();
        var group = ControlGroup.Current.MembersOf(signs.ControlGroup, signs.InstanceId).Where(pid => pid != Environment.ProcessId).ToHashSet();
        if (!isLast && !(holders.TrueForAll(h => look.Living.ContainsKey(h.Pid)) && group.All(look.Living.ContainsKey)))
        {
            return null;
        }

        holders.RemoveAll(h => !look.Living.ContainsKey(h.Pid) || table.HolderOf(h.Pid, signs.LockFile) is not { } now || !IsMembersLock(now));
        return new Search(table, signs, look, holders, group).Run();

        bool IsMembersLock(LockHolder holder) =>
            holder.Pid != Environment.ProcessId && (holder.IsOurs || (holder.IsOfAnInstance && holder.RootPid == signs.Root?.Pid));
    }

    private sealed class Search(ProcessTable table, InstanceSigns signs, ProcessLook look, List<LockHolder> holders, HashSet<int> group)
    {
        private readonly IReadOnlyDictionary<int, ProcessInfo> _living = look.Living;
        private readonly int? _root = signs.Root is { } identity && look.Living.TryGetValue(identity.Pid, out var process) && process.Identity == identity ? identity.Pid : null;

        internal List<ProcessInfo> Run()
        {
            var hasId = !string.IsNullOrEmpty(signs.InstanceId);
            var launchers = Launchers();
            var byLock = holders.Where(h => !launchers.Contains(h.Pid) && !IsBeforeExec(h, launchers)).ToDictionary(h => h.Pid, h => h.RootPid);

            // A daemon that claimed its files itself has no id of its own, but it may have inherited one, and its children too.
            var ownId = !hasId && _root is { } root ? look.IdOf(root) : signs.InstanceId;
            var members = _living.Values
                .Where(p => p.Pid == _root || byLock.ContainsKey(p.Pid)
                    || (hasId && ((MayHaveInherited(p) && look.IdOf(p.Pid) == signs.InstanceId) || (group.Contains(p.Pid) && !launchers.Contains(p.Pid))) && MayJoin(p.Pid, ownId)))
                .ToDictionary(p => p.Pid);

            // A session has the PID of the process that made it, and the kernel does not use that PID again while the session has a process.
            // A holder in the session whose number its lock notes proves that this is the session of the instance.
            var sessions = byLock.Where(h => _living[h.Key].Session == h.Value).Select(h => h.Value).ToHashSet();
            if (_root is { } leader && _living[leader].Session == leader)
            {
                sessions.Add(leader);
            }

            bool grew;
            do
            {
                grew = false;
                foreach (var process in _living.Values)
                {
                    if (!members.ContainsKey(process.Pid)
                        && (members.ContainsKey(process.ParentPid) || sessions.Contains(process.Session))
                        && !launchers.Contains(process.Pid)
                        && MayJoin(process.Pid, ownId))
                    {
                        grew = members.TryAdd(process.Pid, process);
                    }
                }
            }
            while (grew);
            return [.. members.Values.OrderBy(p => p.StartTicks)];
        }

        // The launcher has the description of the lock until the start has ended. It is the parent of the root that the lock notes.
        private HashSet<int> Launchers()
        {
            var launchers = new HashSet<int> { Environment.ProcessId };
            if (signs.Launcher is { } launcher && _living.TryGetValue(launcher.Pid, out var process) && process.Identity == launcher)
            {
                launchers.Add(launcher.Pid);
            }

            // A root that was launched made a session. Another process that got the PID later did not make this one.
            foreach (var root in holders.Select(h => h.RootPid).Distinct().Where(pid => _living.TryGetValue(pid, out var process) && process.Session == pid))
            {
                for (var pid = root; _living.TryGetValue(pid, out var child) && launchers.Add(child.ParentPid); pid = child.ParentPid)
                {
                }
            }

            return launchers;
        }

        // A launcher that is just starting another daemon has a child with a copy of all its descriptors, until the child executes its program.
        // Until then the child shows the launcher's program.
        private bool IsBeforeExec(LockHolder holder, HashSet<int> launchers)
        {
            var process = _living[holder.Pid];
            return holder.Pid != holder.RootPid && holder.Pid != _root && launchers.Contains(process.ParentPid)
                && table.Describe(process.ParentPid)?.Executable == process.Executable;
        }

        // A process that is older than the launcher of the instance has inherited nothing from it.
        private bool MayHaveInherited(ProcessInfo process) => signs.Launcher is not { } launcher || process.StartTicks >= launcher.StartTicks;

        private bool MayJoin(int pid, string? ownId) =>
            (look.IdOf(pid) is not { Length: > 0 } id || id == ownId) && !table.HoldsAnotherLock(pid, signs.LockFile);
    }
}
