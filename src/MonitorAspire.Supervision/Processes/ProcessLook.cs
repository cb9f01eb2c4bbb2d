using System.Collections.Concurrent;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Processes;

/// <summary>One look at all processes of the machine: those that live, and those that hold certain locks. Several threads may use it.</summary>
internal sealed class ProcessLook
{
    private readonly ProcessTable _table;
    private readonly ILookup<string, LockHolder> _holders;
    private readonly ConcurrentDictionary<int, string?> _ids = new();

    /// <summary>Looks now. The holders are read before the processes.</summary>
    internal ProcessLook(ProcessTable table, IReadOnlyCollection<string> lockFiles)
    {
        _table = table;
        _holders = table.HoldersOf(lockFiles);
        Living = table.Snapshot().Where(p => !p.IsZombie && p.Pid != Environment.ProcessId).ToDictionary(p => p.Pid);
    }

    /// <summary>The living processes without this one, by PID.</summary>
    internal IReadOnlyDictionary<int, ProcessInfo> Living { get; }

    /// <summary>The holders of one of the locks that were looked for.</summary>
    internal IEnumerable<LockHolder> HoldersOf(string lockFile) => _holders[lockFile];

    /// <summary>The instance id in the environment of a process. It is read once.</summary>
    internal string? IdOf(int pid) => _ids.GetOrAdd(pid, static (pid, table) => ProcessEnvironment.Get(table, pid, InstanceRecord.EnvironmentVariable), _table);
}

/// <summary>
/// Looks at all processes for several callers at once. A look is never older than the question: who asks during a look gets the next one, which
/// all who ask meanwhile share. So a fleet of daemons that stop together costs a few looks, and not a few for each daemon.
/// </summary>
internal sealed class SharedLooks(ProcessTable table)
{
    private readonly Lock _sync = new();
    private Pending? _next;
    private bool _isLooking;

    /// <summary>A look that begins after this call.</summary>
    /// <param name="lockFile">The lock whose holders are looked for.</param>
    internal Task<ProcessLook> LookAsync(string lockFile)
    {
        lock (_sync)
        {
            _next ??= new Pending();
            _next.LockFiles.Add(lockFile);
            if (!_isLooking)
            {
                _isLooking = true;
                ThreadPool.UnsafeQueueUserWorkItem(static looks => looks.Run(), this, preferLocal: false);
            }

            return _next.Look.Task;
        }
    }

    private void Run()
    {
        while (TakeNext() is { } pending)
        {
            try
            {
                pending.Look.SetResult(new ProcessLook(table, pending.LockFiles));
            }
            catch (Exception e)
            {
                pending.Look.SetException(e);
            }
        }
    }

    private Pending? TakeNext()
    {
        lock (_sync)
        {
            var next = _next;
            _next = null;
            _isLooking = next is not null;
            return next;
        }
    }

    private sealed class Pending
    {
        internal HashSet<string> LockFiles { get; } = new(StringComparer.Ordinal);

        internal TaskCompletionSource<ProcessLook> Look { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
