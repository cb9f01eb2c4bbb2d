using System.Buffers.Text;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>Finds the sockets of processes, and the processes of sockets.</summary>
internal sealed class SocketScan(ProcFiles files)
{
    private readonly List<int> _descriptors = [];

    /// <summary>Calls back with the inode of each socket that a process has open. There is no call where this user may not see them.</summary>
    public void ForEachSocket(int pid, Action<long> found)
    {
        if (pid <= 0 || files.ListDescriptors(pid, _descriptors, out var directory) != ProcAccess.Ok)
        {
            return;
        }

        Span<byte> target = stackalloc byte[64]; // a longer target is no socket
        foreach (var descriptor in _descriptors)
        {
            if (files.ReadLink($"{directory}/fd/{descriptor}", target, out var length) == ProcAccess.Ok
                && TryParse(target[..length], out var inode))
            {
                found(inode);
            }
        }
    }

    /// <summary>
    /// The processes that have each of these sockets open; an empty list where this user may see none. The candidates are searched first, and
    /// all other processes only if none of the candidates has one of the sockets.
    /// </summary>
    public Dictionary<long, List<int>> Owners(IEnumerable<long> inodes, IReadOnlyCollection<int> candidatesFirst)
    {
        var owners = new Dictionary<long, List<int>>();
        foreach (var inode in inodes)
        {
            owners[inode] = [];
        }

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

        void AddSocketsOf(int pid) => ForEachSocket(pid, inode =>
        {
            if (owners.TryGetValue(inode, out var pids) && !pids.Contains(pid))
            {
                pids.Add(pid);
            }
        });
    }

    // socket:[1525]
    public static bool TryParse(ReadOnlySpan<byte> link, out long inode)
    {
        inode = 0;
        return link.StartsWith("socket:["u8)
            && link[^1] == ']'
            && Utf8Parser.TryParse(link[8..^1], out inode, out var consumed)
            && consumed == link.Length - 9;
    }
}
