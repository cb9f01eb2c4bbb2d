using System.Buffers.Text;
using MonitorAspire.Supervision.Identity.Linux;

namespace MonitorAspire.Supervision.Probes.Linux;

/// <summary>Finds the sockets that a process has open.</summary>
/// <param name="files">The files.</param>
internal sealed class SocketScan(ProcFiles files)
{
    private readonly List<int> _descriptors = [];

    /// <summary>Calls back with the inode of each socket that a process has open. There is no call where this user may not see them.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="found">Receives the inode.</param>
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

    // socket:[1525]

    /// <summary>Parses the link of a descriptor.</summary>
    /// <param name="link">Target of the link.</param>
    /// <param name="inode">The socket's inode.</param>
    /// <returns>Whether it is a socket.</returns>
    public static bool TryParse(ReadOnlySpan<byte> link, out long inode)
    {
        inode = 0;
        return link.StartsWith("socket:["u8)
            && link[^1] == ']'
            && Utf8Parser.TryParse(link[8..^1], out inode, out var consumed)
            && consumed == link.Length - 9;
    }
}
