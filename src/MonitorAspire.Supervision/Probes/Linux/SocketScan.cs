using System.Buffers.Text;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>Finds the sockets of processes, and the processes of sockets.</summary>
/// <param name="files">The files of <c>/proc</c>.</param>
/// <param name="guesses">Descriptors of earlier scans, by <see cref="Place"/>. Each is only a first guess, and checked. Default none.</param>
internal sealed class SocketScan(ProcFiles files, int[]? guesses = null)
{
    /// <summary>Length of the array of guesses.</summary>
    internal const int Guesses = 4096;

    private readonly List<int> _descriptors = [];

    /// <summary>Calls back with the inode of each socket that a process has open. There is no call where this user may not see them.</summary>
    public void ForEachSocket(int pid, Action<long> found)
    {
        Search(pid, (inode, _) =>
        {
            found(inode);
            return true;
        });
    }

    // Until the callback returns false.
    private void Search(int pid, Func<long, int, bool> found)
    {
        if (pid <= 0 || (Environment.Is64BitProcess && files.ForEachLink($"{pid}/fd", (number, target) => !TryParse(target, out var inode) || found(inode, number)) > 0))
        {
            return;
        }

        // Mostly nothing more is seen. See ListDescriptors for a process whose main thread has ended.
        if (files.ListDescriptors(pid, _descriptors, out var directory) != ProcAccess.Ok)
        {
            return;
        }

        foreach (var descriptor in _descriptors)
        {
            if (TryReadInode($"{directory}/fd/{descriptor}", out var inode) && !found(inode, descriptor))
            {
                return;
            }
        }
    }

    private bool IsGuessed(int pid, long inode)
    {
        foreach (var place in (ReadOnlySpan<int>)[Place(pid, inode), Place(pid, 0)])
        {
            if (guesses![place] is > 0 and var descriptor && TryReadInode($"{pid}/fd/{descriptor}", out var found) && found == inode)
            {
                return true;
            }
        }

        return false;
    }

    private bool TryReadInode(string link, out long inode)
    {
        Span<byte> target = stackalloc byte[64]; // a longer target is no socket
        inode = 0;
        return files.ReadLink(link, target, out var length) == ProcAccess.Ok && TryParse(target[..length], out inode);
    }

    // A listening socket keeps its inode. Connections have a new one each time, and mostly the same descriptor: it is under inode 0.
    private static int Place(int pid, long inode) => (int)((((ulong)pid * 31) + (ulong)inode) % Guesses);

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

        // A process has few sockets that are asked for, and mostly under the same numbers as the last time.
        if (candidatesFirst is { Count: 1 } && guesses is not null && owners.Keys.All(inode => IsGuessed(candidatesFirst.First(), inode)))
        {
            foreach (var pids in owners.Values)
            {
                pids.Add(candidatesFirst.First());
            }

            return owners;
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

        void AddSocketsOf(int pid)
        {
            var left = owners.Count;
            Search(pid, (inode, descriptor) =>
            {
                if (owners.TryGetValue(inode, out var pids) && !pids.Contains(pid))
                {
                    pids.Add(pid);
                    left--;
                    if (guesses is not null)
                    {
                        guesses[Place(pid, inode)] = guesses[Place(pid, 0)] = descriptor;
                    }
                }

                return left > 0;
            });
        }
    }

    // socket:[1525]
    public static bool TryParse(ReadOnlySpan<byte> link, out long inode)
    {
        inode = 0;
        return link.StartsWith("socket:["u8)
            && link[^1] == ']'
            && Utf8Parser.TryParse(link[8..^1], out inode, out var consumed)
            && consumed == link.Length - 9
            && inode >= 0;
    }
}
