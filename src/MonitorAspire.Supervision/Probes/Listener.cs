using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Probes;

/// <summary>A listening TCP socket.</summary>
/// <param name="EndPoint">Where it listens, as bound: a wildcard stays a wildcard.</param>
/// <param name="Inode">The socket's inode, which is the same in descriptors; 0 where it is unknown.</param>
/// <param name="Uid">The user who created it.</param>
internal sealed record Listener(IPEndPoint EndPoint, long Inode, uint Uid)
{
    /// <summary>For a socket on <c>[::]</c>: whether it does not serve IPv4; <see langword="null"/> where that is unknown.</summary>
    public bool? IPv6Only { get; init; }
}

/// <summary>A listening socket and the processes that have it open.</summary>
/// <param name="Listener">The socket.</param>
/// <param name="Pids">
/// The processes that have it open. Empty where this user may see none of them. Not complete where the processes that were searched first
/// have all sockets.
/// </param>
internal sealed record OwnedListener(Listener Listener, IReadOnlyList<int> Pids)
{
    /// <summary>The owner for a report. Of several processes it is the one that the others inherited the socket from.</summary>
    /// <param name="processes">The processes of this machine.</param>
    public PortOwner ToPortOwner(ProcessTable processes)
    {
        ArgumentNullException.ThrowIfNull(processes);
        var address = Listener.EndPoint.ToString();
        if (Pids.Count == 0)
        {
            return new PortOwner(null, null, address);
        }

        var owner = processes.EldestOf(Pids);
        return new PortOwner(owner?.Pid ?? Pids[0], owner?.Executable, address);
    }
}
