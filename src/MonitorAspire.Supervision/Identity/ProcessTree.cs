namespace MonitorAspire.Supervision.Identity;

/// <summary>Kinship among the processes of a snapshot, which is not taken in one moment: PIDs may be reused within it.</summary>
internal static class ProcessTree
{
    public static IReadOnlyList<ProcessInfo> DescendantsOf(ProcessIdentity root, IReadOnlyList<ProcessInfo> snapshot)
    {
        if (IsOtherLife(root, snapshot))
        {
            return []; // what is a child of that PID now is a child of somebody else
        }

        var children = snapshot.ToLookup(process => process.ParentPid);
        var found = new List<ProcessInfo>();
        var seen = new HashSet<int> { root.Pid };
        Add(root);
        for (var i = 0; i < found.Count; i++)
        {
            Add(found[i].Identity);
        }

        return found;

        void Add(ProcessIdentity parent)
        {
            foreach (var child in children[parent.Pid])
            {
                // A child is never older than its parent; one that seems to be had another parent under that PID.
                if (!child.IsZombie && child.StartTicks >= parent.StartTicks && seen.Add(child.Pid))
                {
                    found.Add(child);
                }
            }
        }
    }

    // The kernel gives no PID to a new process while a session of that number has members. So members of a session whose
    // leader has another start time than ours belong to a later session, and without a leader they are ours.
    public static IReadOnlyList<ProcessInfo> SessionOf(ProcessIdentity leader, IReadOnlyList<ProcessInfo> snapshot) =>
        IsOtherLife(leader, snapshot)
            ? []
            : [.. snapshot.Where(process => process.Session == leader.Pid
                && process.Pid != leader.Pid
                && process.StartTicks >= leader.StartTicks
                && !process.IsZombie)];

    private static bool IsOtherLife(ProcessIdentity identity, IReadOnlyList<ProcessInfo> snapshot) =>
        snapshot.Any(process => process.Identity.BootId != identity.BootId || (process.Pid == identity.Pid && process.Identity != identity));
}
