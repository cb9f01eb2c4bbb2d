using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>Finds the processes that have sockets open.</summary>
internal static class SocketOwners
{
    /// <summary>The processes that have each of these sockets open; an empty list where this user may see none.</summary>
    /// <param name="files">The files.</param>
    /// <param name="inodes">The sockets.</param>
    /// <param name="candidatesFirst">PIDs to search first. All other processes are searched only if none of these has one of the sockets.</param>
    public static Dictionary<long, List<int>> Find(ProcFiles files, IEnumerable<long> inodes, IReadOnlyCollection<int> candidatesFirst)
    {
        var owners = new Dictionary<long, List<int>>();
        foreach (var inode in inodes)
        {
            owners[inode] = [];
        }

        var scan = new SocketScan(files);
        foreach (var pid in candidatesFirst)
        {
            AddSocketsOf(pid);
        }

        if (owners.Values.Any(pids => pids.Count == 0))
        {
            var all = new List<int>(256);
            _ = files.ListNumbers("", all);
            foreach (var pid in all.Except(candidatesFirst))
            {
                AddSocketsOf(pid);
            }
        }

        return owners;

        void AddSocketsOf(int pid) => scan.ForEachSocket(pid, inode =>
        {
            if (owners.TryGetValue(inode, out var pids) && !pids.Contains(pid))
            {
                pids.Add(pid);
            }
        });
    }
}
