using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Who listens on a daemon's host and port, seen from one instance.</summary>
/// <param name="Owned">A socket that serves the host and port belongs to the instance. <see langword="null"/>: somebody listens, and the platform cannot tell who.</param>
/// <param name="Other">Somebody else who listens on one of the host's addresses.</param>
/// <param name="Listeners">All who listen on one of the host's addresses.</param>
internal sealed record PortSight(bool? Owned, PortOwner? Other, IReadOnlyList<PortOwner> Listeners);

/// <summary>Looks at the listening sockets of a port.</summary>
internal sealed class PortView(ListenerProbe probe, InstanceTree tree, ProcessTable table)
{
    /// <summary>Who listens, and whether that is the instance or a descendant of it.</summary>
    /// <param name="addresses">The addresses that the daemon's host stands for.</param>
    /// <param name="port">The port.</param>
    /// <param name="root">The instance.</param>
    /// <param name="instanceId">Its instance id.</param>
    internal PortSight Look(IReadOnlyList<IPAddress> addresses, int port, ProcessIdentity? root, string? instanceId)
    {
        // The cheap look first: during a start it comes back empty most of the time. Whatever follows speaks of the same sockets.
        var serving = probe.Find(port).Where(l => ListenerCoverage.Serves(l, addresses)).ToList();
        if (serving.Count == 0)
        {
            return new PortSight(false, null, []);
        }

        if (!probe.CanProveOwnership)
        {
            return new PortSight(null, null, [.. serving.Select(l => new PortOwner(null, null, l.EndPoint.ToString()))]);
        }

        // Nearly always the root has the socket open itself, and then nobody else need be looked at.
        if (root is { } identity
            && probe.OwnersOf(serving, [identity.Pid]) is var own
            && own.All(l => l.Pids.Contains(identity.Pid))
            && table.IsAlive(identity))
        {
            return new PortSight(true, null, [.. own.Select(l => (l with { Pids = [identity.Pid] }).ToPortOwner(table))]);
        }

        var members = root is null && string.IsNullOrEmpty(instanceId)
            ? []
            : tree.Members(root, instanceId).Select(m => m.Pid).ToHashSet();
        var owned = false;
        PortOwner? other = null;
        var listeners = new List<PortOwner>();
        foreach (var listener in probe.OwnersOf(serving, members))
        {
            var owner = Describe(listener, members);
            listeners.Add(owner);

            // A socket that several processes have open (a parent and its workers) is ours when one of them is.
            if (listener.Pids.Any(members.Contains))
            {
                owned = true;
            }
            else
            {
                other ??= owner;
            }
        }

        return new PortSight(owned, other, listeners);
    }

    /// <summary>Who is in the way of a new socket on any of these addresses; <see langword="null"/> where nobody is seen.</summary>
    internal PortOwner? InTheWay(IReadOnlyList<IPAddress> addresses, int port) =>
        probe.FindOwners(port).FirstOrDefault(l => ListenerCoverage.Conflicts(l.Listener, addresses))?.ToPortOwner(table);

    // Of several who have it open, name the one that matters: ours if it is ours.
    private PortOwner Describe(OwnedListener listener, HashSet<int> members) =>
        (listener.Pids.Where(members.Contains).ToList() is { Count: > 0 } ours ? listener with { Pids = ours } : listener).ToPortOwner(table);

    /// <summary>Where else the instance listens, for a report that says so.</summary>
    internal IReadOnlyList<IPEndPoint> ListensOn(ProcessIdentity root, string? instanceId) =>
        [.. probe.ListenersOf([.. tree.Members(root, instanceId).Select(m => m.Pid)]).Select(l => l.EndPoint)];
}
