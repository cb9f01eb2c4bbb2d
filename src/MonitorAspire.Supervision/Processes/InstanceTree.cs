using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// Which processes provably belong to an instance: its root, what descends from it, what shares the session while the root
/// lives, and what carries its instance id in its environment, as all descendants do unless they replaced it.
/// </summary>
/// <remarks>
/// A process with the instance id of <em>another</em> instance is never a member, nor what it started: a supervisor that is an
/// instance itself must not take its daemons along.
/// </remarks>
internal sealed class InstanceTree(ProcessTable table)
{
    /// <summary>Whether a PID is the root's or a member's. The tree is looked at only when it is not the root's.</summary>
    /// <param name="root">The instance.</param>
    /// <param name="instanceId">Its instance id.</param>
    internal Func<int, bool> Membership(ProcessIdentity root, string? instanceId)
    {
        var others = new Lazy<HashSet<int>>(() => [.. Members(root, instanceId).Select(m => m.Pid)]);
        return pid => pid == root.Pid || others.Value.Contains(pid);
    }

    /// <summary>The members that live now. Zombies are dead and not listed.</summary>
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

        var members = new Dictionary<int, ProcessInfo>();
        var rootLives = root is { } r && table.IsAlive(r);
        foreach (var process in living)
        {
            if ((rootLives && process.Pid == root!.Value.Pid)
                || (!string.IsNullOrEmpty(instanceId) && IdOf(process.Pid) == instanceId))
            {
                members[process.Pid] = process;
            }
        }

        // What another instance's id marks is another instance's; without any id, descent decides. A daemon that claimed its
        // files itself has no id of its own, but may have come by one from far above, and so may its children.
        var ownId = string.IsNullOrEmpty(instanceId) && rootLives ? IdOf(root!.Value.Pid) : instanceId;
        bool MayJoin(int pid) => IdOf(pid) is not { Length: > 0 } id || id == ownId;

        bool grew;
        do
        {
            grew = false;
            foreach (var process in living)
            {
                if (!members.ContainsKey(process.Pid)
                    && (members.ContainsKey(process.ParentPid) || (rootLives && process.Session == root!.Value.Pid))
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
