using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// Finds the members of an instance: its root, the descendants of the root, the processes in the session of a living root, and the
/// processes that have the instance id in their environment.
/// </summary>
/// <remarks>
/// A process with the instance id of <em>another</em> instance is never a member, and neither are its children: a supervisor that is an
/// instance itself must not stop its daemons with its own tree.
/// </remarks>
internal sealed class InstanceTree(ProcessTable table)
{
    /// <summary>A function that tells whether a PID is the root or a member. It searches the tree only for another PID than the root's.</summary>
    internal Func<int, bool> Membership(ProcessIdentity root, string? instanceId)
    {
        var others = new Lazy<HashSet<int>>(() => [.. Members(root, instanceId).Select(m => m.Pid)]);
        return pid => pid == root.Pid || others.Value.Contains(pid);
    }

    /// <summary>The living members, oldest first. Zombies are dead and not listed.</summary>
    /// <param name="root">The instance, living or dead; <see langword="null"/> where it is not known.</param>
    /// <param name="instanceId">Its instance id; <see langword="null"/> or empty where it has none.</param>
    internal IReadOnlyList<ProcessInfo> Members(ProcessIdentity? root, string? instanceId)
    {
        var living = table.Snapshot().Where(p => !p.IsZombie && p.Pid != Environment.ProcessId).ToList();
        var ids = new Dictionary<int, string?>();
        string? IdOf(int pid)
        {
            if (!ids.TryGetValue(pid, out var id))
            {
                ids[pid] = id = ProcessEnvironment.Get(table, pid, InstanceRecord.EnvironmentVariable);
            }

            return id;
        }

        var rootPid = root is { } identity && table.IsAlive(identity) ? identity.Pid : (int?)null;
        var hasId = !string.IsNullOrEmpty(instanceId);
        var members = living.Where(p => p.Pid == rootPid || (hasId && IdOf(p.Pid) == instanceId)).ToDictionary(p => p.Pid);

        // A process with another instance's id belongs to that instance. A process without an id is judged by its parent and session.
        // A daemon that claimed its files itself has no id of its own, but it may have inherited one, and its children too.
        var ownId = !hasId && rootPid is { } pid ? IdOf(pid) : instanceId;
        bool MayJoin(int pid) => IdOf(pid) is not { Length: > 0 } id || id == ownId;

        bool grew;
        do
        {
            grew = false;
            foreach (var process in living)
            {
                if (!members.ContainsKey(process.Pid)
                    && (members.ContainsKey(process.ParentPid) || process.Session == rootPid)
                    && MayJoin(process.Pid))
                {
                    grew = members.TryAdd(process.Pid, process);
                }
            }
        }
        while (grew);

        return [.. members.Values.OrderBy(p => p.StartTicks)];
    }
}
