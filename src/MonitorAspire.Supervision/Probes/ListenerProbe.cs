using System.Buffers;
using System.Net;
using System.Net.NetworkInformation;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Probes.Linux;

namespace MonitorAspire.Supervision.Probes;

/// <summary>Finds listening sockets, not connections of clients. Only on Linux their owners are known, from <c>/proc</c>.</summary>
internal sealed class ListenerProbe(ProcessTable processes)
{
    private readonly ProcFiles? _files = processes.Files;
    private readonly int[] _guesses = new int[SocketScan.Guesses];
    private readonly Lock _sharing = new();
    private bool _provesOwnership;
    private (List<Listener> Listeners, long At)? _shared;
    private long? _lastAsked;
    private int _callers;

    /// <summary>The probe of the machine that this program runs on.</summary>
    public static ListenerProbe Current { get; } = new(ProcessTable.Current);

    /// <summary>Whether this platform tells the process of a socket. Where false, ownership stays unverified.</summary>
    public bool CanProveOwnership => _provesOwnership = _provesOwnership || (_files is not null
        && ProcFiles.Stat($"{_files.Root}/net/tcp", out _, out _) == ProcAccess.Ok
        && _files.ListNumbers($"{(_files.IsReal ? "self" : "1")}/fd", []) == ProcAccess.Ok);

    /// <summary>
    /// All listening sockets on a port, with the processes that have them open. The candidates are searched first, and all other processes
    /// only if none of these has one of the sockets.
    /// </summary>
    public IReadOnlyList<OwnedListener> FindOwners(int port, IReadOnlyCollection<int>? candidatesFirst = null) => OwnersOf(Find(port), candidatesFirst ?? []);

    /// <summary>The processes that have these listening sockets open: one item for each socket, in the same order.</summary>
    public IReadOnlyList<OwnedListener> OwnersOf(IReadOnlyList<Listener> listeners, IReadOnlyCollection<int> candidatesFirst)
    {
        if (listeners.Count == 0 || _files is null)
        {
            return [.. listeners.Select(listener => new OwnedListener(listener, []))];
        }

        var owners = new SocketScan(_files, _guesses).Owners(listeners.Select(listener => listener.Inode), candidatesFirst);
        return [.. listeners.Select(listener => new OwnedListener(listener, owners[listener.Inode]))];
    }

    /// <summary>
    /// The processes that serve a connection of ours: they have the socket at its other end open. Empty where the connection is not accepted
    /// yet or is closed already, and where this user or this platform cannot see the owner.
    /// </summary>
    public IReadOnlyList<int> FindServers(IPEndPoint client, IPEndPoint server, IReadOnlyCollection<int> candidatesFirst) =>
        _files is { IsReal: true } && SockDiag.TryFindInode(server, client, out var inode) && inode != 0
            ? new SocketScan(_files, _guesses).Owners([inode], candidatesFirst)[inode]
            : [];

    /// <summary>
    /// Whether the kernel has completed a connection of ours and the process has not accepted it yet. False where the kernel does not tell it.
    /// </summary>
    public bool WaitsForTheProcess(IPEndPoint client, IPEndPoint server) => _files is { IsReal: true } && SockDiag.TryFindInode(server, client, out var inode) && inode == 0;

    public IReadOnlyList<Listener> ListenersOf(IReadOnlyCollection<int> pids)
    {
        if (_files is null)
        {
            return [];
        }

        var sockets = new HashSet<long>();
        var scan = new SocketScan(_files);
        foreach (var pid in pids)
        {
            scan.ForEachSocket(pid, inode => sockets.Add(inode));
        }

        return sockets.Count == 0 ? [] : [.. Find(null).Where(listener => sockets.Contains(listener.Inode))];
    }

    /// <summary>How many connections of a port are in TIME_WAIT, and how long the last of them stays. None where the platform does not tell.</summary>
    public (int Count, TimeSpan Longest) FindTimeWait(int port)
    {
        var (count, ticks) = (0, 0L);
        var buffer = new ArrayBufferWriter<byte>(16384);
        foreach (var file in (ReadOnlySpan<string>)["net/tcp", "net/tcp6"])
        {
            if (_files?.Read(file, buffer) == ProcAccess.Ok)
            {
                var found = ProcNetTcp.FindTimeWait(buffer.WrittenSpan, port);
                (count, ticks) = (count + found.Count, Math.Max(ticks, found.LongestTicks));
            }
        }

        // The kernel shows all times in /proc in hundredths of a second (USER_HZ).
        return (count, TimeSpan.FromMilliseconds(10 * ticks));
    }

    /// <summary>
    /// All listening sockets on a port, from a look at all ports that several callers share. The kernel walks its whole table for each question,
    /// whatever is asked for.
    /// </summary>
    /// <param name="port">The port.</param>
    /// <param name="age">How old the look may be; 0 for a look that nothing is shared with.</param>
    public IReadOnlyList<Listener> FindShared(int port, TimeSpan age)
    {
        if (age <= TimeSpan.Zero)
        {
            return Find(port);
        }

        lock (_sharing)
        {
            var now = TimeProvider.System.GetTimestamp();
            if (_shared is not { } shared || TimeProvider.System.GetElapsedTime(shared.At, now) > age)
            {
                // A caller that asks alone gets the answer about one port, which is shorter. After a look that others shared, this one is shared too.
                var hasCompany = _lastAsked is { } last && TimeProvider.System.GetElapsedTime(last, now) <= age;
                var isAlone = !hasCompany && _callers <= 1;
                (_lastAsked, _callers) = (now, hasCompany ? 2 : 1);
                if (isAlone)
                {
                    return Find(port);
                }

                _shared = shared = (Find(null), now);
            }
            else
            {
                _callers++;
            }

            return shared.Listeners.FindAll(listener => listener.EndPoint.Port == port);
        }
    }

    /// <summary>All listening sockets on a port, or on all, on all addresses, IPv4 and IPv6.</summary>
    public List<Listener> Find(int? port)
    {
        var listeners = new List<Listener>();
        if (_files is null)
        {
            listeners.AddRange(IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
                .Where(endPoint => port is null || port == endPoint.Port)
                .Select(endPoint => new Listener(endPoint, 0)));
            return listeners;
        }

        if (_files.IsReal && SockDiag.TryFindListeners(port, listeners))
        {
            return listeners;
        }

        var buffer = new ArrayBufferWriter<byte>(16384);
        foreach (var file in (ReadOnlySpan<string>)["net/tcp", "net/tcp6"])
        {
            // Without IPv6 there is no tcp6.
            if (_files.Read(file, buffer) == ProcAccess.Ok)
            {
                ProcNetTcp.Parse(buffer.WrittenSpan, port, listeners);
            }
        }

        return listeners;
    }
}
