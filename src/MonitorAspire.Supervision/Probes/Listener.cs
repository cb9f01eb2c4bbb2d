using System.Net;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Probes;

/// <summary>A listening TCP socket.</summary>
/// <param name="EndPoint">Where it listens, as bound: a wildcard stays a wildcard.</param>
/// <param name="Inode">The socket's inode, which is the same in descriptors; 0 where it is unknown.</param>
internal sealed record Listener(IPEndPoint EndPoint, long Inode)
{
    /// <summary>For a socket on <c>[::]</c>: whether it does not serve IPv4; <see langword="null"/> where that is unknown.</summary>
    public bool? IPv6Only { get; init; }
}

/// <summary>
/// A listening socket and the processes that have it open. The list is empty where this user may see none of them. It is not complete where
/// the processes that were searched first have all sockets.
/// </summary>
internal sealed record OwnedListener(Listener Listener, IReadOnlyList<int> Pids)
{
    /// <summary>The owner for a report. Of several processes it is the one that the others inherited the socket from.</summary>
    public PortOwner ToPortOwner(ProcessTable processes)
    {
        var address = Listener.EndPoint.ToString();
        if (Pids.Count == 0)
        {
            return new PortOwner(null, null, address);
        }

        if (Pids is [var only])
        {
            return new PortOwner(only, processes.ExecutableOf(only), address);
        }

        var owner = processes.EldestOf(Pids);
        return new PortOwner(owner?.Pid ?? Pids[0], owner?.Executable, address);
    }
}
