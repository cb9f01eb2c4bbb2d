using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Probes;

/// <summary>A listening TCP socket.</summary>
/// <param name="EndPoint">Where it listens, as bound: a wildcard stays a wildcard.</param>
/// <param name="Inode">The socket's inode, which ties it to descriptors; 0 where not to be told.</param>
/// <param name="Uid">The user who made it.</param>
public sealed record Listener(IPEndPoint EndPoint, long Inode, uint Uid)
{
    /// <summary>For a socket on <c>[::]</c>, whether it leaves IPv4 alone; <see langword="null"/> where that cannot be seen.</summary>
    public bool? IPv6Only { get; init; }
}

/// <summary>A listening socket and who has it open.</summary>
/// <param name="Listener">The socket.</param>
/// <param name="Pids">
/// The processes that have it open. Empty where this user may see none of them; not complete where candidates were asked for
/// first and found to have it.
/// </param>
public sealed record OwnedListener(Listener Listener, IReadOnlyList<int> Pids)
{
    /// <summary>
    /// For a report: who made the socket, with the executable, or one without PID where none may be seen. Of several who have it
    /// open the others inherited it.
    /// </summary>
    /// <param name="processes">Where to look up kinship and executable.</param>
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
