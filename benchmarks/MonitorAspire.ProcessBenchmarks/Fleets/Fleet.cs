using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks.Fleets;

/// <summary>
/// A supervisor and its daemons. "Said" is the moment at which an observer outside (this harness) knows from the supervisor that a daemon
/// runs, whatever that supervisor means by it.
/// </summary>
internal abstract class Fleet : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly ConcurrentDictionary<Fleet, bool> Alive = [];

    private readonly long[] _said;
    private Exception? _failure;

    protected Fleet(Workspace workspace, IReadOnlyList<TinyDaemon> daemons)
    {
        Workspace = workspace;
        Daemons = daemons;
        _said = new long[daemons.Count];
        Alive[this] = true;
    }

    public IReadOnlyList<TinyDaemon> Daemons { get; }

    /// <summary>The processes of the supervisor itself, without the daemons.</summary>
    public virtual IReadOnlyList<int> Processes => ProcessCost.Tree(Supervisor.Id, Workspace.Tiny);

    /// <summary>Whether a restart after a crash is said too, and not only seen in the daemon's own file.</summary>
    public virtual bool SaysRestarts => false;

    protected Workspace Workspace { get; }

    protected abstract Process Supervisor { get; }

    /// <summary>Starts the supervisor, which then starts all daemons at once, or waits for requests.</summary>
    public abstract void Open(bool startAll);

    /// <summary>Asks for a start, and waits until it is said. Several threads may ask for different daemons.</summary>
    /// <returns>When it was said.</returns>
    public abstract long Start(int daemon);

    /// <summary>Stops a daemon, and waits for its end.</summary>
    public abstract void Stop(int daemon);

    /// <summary>Waits until a daemon is said to run, at a later time than the given one.</summary>
    public virtual long WaitSaid(int daemon, long after)
    {
        lock (_said)
        {
            for (var end = Clock.Now + (long)Limit.TotalNanoseconds; _said[daemon] <= after;)
            {
                if (_failure is not null || Clock.Now > end)
                {
                    throw new TimeoutException($"nothing was said about {Daemons[daemon].Name}", _failure);
                }

                Monitor.Wait(_said, TimeSpan.FromSeconds(1));
            }

            return _said[daemon];
        }
    }

    /// <summary>Waits until all daemons were said to run, and returns the time of the last one.</summary>
    public virtual long WaitAllSaid() => Daemons.Max(daemon => WaitSaid(daemon.Index, 0));

    /// <summary>Ends all supervisors and daemons, when the harness itself is told to end.</summary>
    public static void DisposeAll()
    {
        Commands.IsEnding = true;
        foreach (var fleet in Alive.Keys)
        {
            fleet.Dispose();
        }
    }

    public void Dispose()
    {
        if (!Alive.TryRemove(this, out _))
        {
            return;
        }

        try
        {
            Close();
        }
        finally
        {
            KillDaemons();
        }
    }

    /// <summary>Ends the supervisor and with it the daemons.</summary>
    protected abstract void Close();

    /// <summary>Reads lines on a thread of its own, and notes what is said, until the stream ends.</summary>
    protected void Listen(Func<string?> readLine, Func<string, int?> daemonOf)
    {
        new Thread(() =>
        {
            try
            {
                while (readLine() is { } line)
                {
                    if (daemonOf(line) is { } daemon)
                    {
                        Note(daemon);
                    }
                }

                throw new EndOfStreamException("the supervisor has closed its stream");
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or HttpRequestException)
            {
                lock (_said)
                {
                    _failure = e;
                    Monitor.PulseAll(_said);
                }
            }
        })
        { IsBackground = true, Priority = ThreadPriority.Highest }.Start();
    }

    /// <summary>Notes that a daemon is said to run; where it is said again, only if that is a new life of it.</summary>
    protected void Note(int daemon, bool onlyFirst = false)
    {
        var now = Clock.Now;
        lock (_said)
        {
            if (onlyFirst && _said[daemon] != 0)
            {
                return;
            }

            _said[daemon] = now;
            Monitor.PulseAll(_said);
        }
    }

    /// <summary>Looks again and again until something is so.</summary>
    /// <returns>When it was so.</returns>
    protected static long Poll(Func<bool> isSo, int everyMs)
    {
        for (var end = Clock.Now + (long)Limit.TotalNanoseconds; ; Thread.Sleep(everyMs))
        {
            if (isSo())
            {
                return Clock.Now;
            }

            if (Clock.Now > end)
            {
                throw new TimeoutException("the supervisor has not said that its daemons run");
            }
        }
    }

    // By the PIDs that the daemons wrote down themselves. The executable proves that the PID is not that of another process by now.
    private void KillDaemons()
    {
        foreach (var daemon in Daemons)
        {
            if (daemon.Instances() is [.., var last] && ProcessCost.Executable(last.Pid) == Workspace.Tiny)
            {
                Commands.Kill(last.Pid);
            }
        }
    }
}
