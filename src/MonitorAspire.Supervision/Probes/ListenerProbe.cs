using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Who listens where. Only listening sockets count: a client of a port has nothing to do with its ownership.</summary>
/// <param name="processes">The processes to look among.</param>
public sealed class ListenerProbe(ProcessTable processes)
{
    /// <summary>The probe of the machine that this program runs on.</summary>
    public static ListenerProbe Current { get; } = new(ProcessTable.Current);

    /// <summary>Whether this platform lets a socket be tied to its process. Where false, ownership stays unverified.</summary>
    public bool CanProveOwnership => throw new NotImplementedException($"{processes}");

    /// <summary>All listening sockets on a port, on whatever address, IPv4 and IPv6.</summary>
    /// <param name="port">The port.</param>
    public IReadOnlyList<Listener> Find(int port) => throw new NotImplementedException();

    /// <summary>All listening sockets on a port, with the processes that have them open.</summary>
    /// <param name="port">The port.</param>
    /// <param name="candidatesFirst">
    /// PIDs to look at first; the whole table is scanned only for a socket that none of them has open. Default none.
    /// </param>
    public IReadOnlyList<OwnedListener> FindOwners(int port, IReadOnlyCollection<int>? candidatesFirst = null) => throw new NotImplementedException();

    /// <summary>All sockets that any of these processes listens on, for "it listens on 9001 instead".</summary>
    /// <param name="pids">The processes.</param>
    public IReadOnlyList<Listener> ListenersOf(IReadOnlyCollection<int> pids) => throw new NotImplementedException();
}
