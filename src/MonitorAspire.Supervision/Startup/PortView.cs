using System.Net;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Who listens on a daemon's host and port, seen from one instance.</summary>
/// <param name="Owned">Whether a socket on host and port belongs to the instance. <see langword="null"/>: there is a socket, and the platform cannot tell its owner.</param>
/// <param name="Other">Another process that listens on one of the host's addresses.</param>
/// <param name="Listeners">All processes that listen on one of the host's addresses.</param>
internal sealed record PortOwnership(bool? Owned, PortOwner? Other, IReadOnlyList<PortOwner> Listeners);

/// <summary>Finds the owners of the listening sockets of a port.</summary>
internal sealed class PortView(ListenerProbe probe, InstanceTree tree, ProcessTable table)
{
    /// <summary>Who listens, and whether it is the instance or a member of its tree. Sockets and descriptors are read once.</summary>
    /// <param name="addresses">The addresses of the host.</param>
    /// <param name="port">The port.</param>
    /// <param name="signs">The instance. Default none: only the listeners are asked for.</param>
    /// <param name="age">How old the look at the sockets may be. Default 0: it is made now.</param>
    internal PortOwnership Look(IReadOnlyList<IPAddress> addresses, int port, InstanceSigns? signs, TimeSpan age = default)
    {
        // During a start there is mostly no socket yet. Then nothing else is read.
        var serving = probe.FindShared(port, age).Where(l => ListenerCoverage.Serves(l, addresses)).ToList();
        if (serving.Count == 0)
        {
            return new PortOwnership(false, null, []);
        }

        if (!probe.CanProveOwnership)
        {
            return new PortOwnership(null, null, [.. serving.Select(l => new PortOwner(null, null, l.EndPoint.ToString()))]);
        }

        // Nearly always the root has all sockets open. Then the other processes are not searched, neither for sockets nor for members.
        var sockets = probe.OwnersOf(serving, signs?.Root is { } likely ? [likely.Pid] : []);
        var members = signs is null ? []
            : signs.Root is { } identity && sockets.All(s => s.Pids.Contains(identity.Pid)) ? [identity.Pid]
            : tree.Members(signs).Select(m => m.Pid).ToHashSet();
        var listeners = new List<PortOwner>();
        var owned = false;
        PortOwner? other = null;
        foreach (var socket in sockets)
        {
            // A socket that several processes have open (a parent and its workers) belongs to the instance when one of them does.
            IReadOnlyList<int> ours = [.. socket.Pids.Where(members.Contains)];
            var owner = (ours.Count > 0 ? socket with { Pids = ours } : socket).ToPortOwner(table);
            listeners.Add(owner);
            owned |= ours.Count > 0;
            other ??= ours.Count > 0 ? null : owner;
        }

        return new PortOwnership(owned, other, listeners);
    }

    /// <summary>The owner of a socket that prevents a new one on any of these addresses; <see langword="null"/> where none is seen.</summary>
    internal PortOwner? InTheWay(IReadOnlyList<IPAddress> addresses, int port) =>
        probe.FindOwners(port).FirstOrDefault(l => ListenerCoverage.Conflicts(l.Listener, addresses))?.ToPortOwner(table);

    /// <summary>All addresses and ports that the instance listens on.</summary>
    internal IReadOnlyList<IPEndPoint> ListensOn(InstanceSigns signs) =>
        [.. probe.ListenersOf([.. tree.Members(signs).Select(m => m.Pid)]).Select(l => l.EndPoint)];
}
