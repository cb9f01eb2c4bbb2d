namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>The latest starts by daemon, and the ones that are not written yet. Thread-safe.</summary>
internal sealed class RememberedStarts(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<StartRecord>> _byDaemon = new(StringComparer.OrdinalIgnoreCase);
    private List<StartRecord>? _new = [];
    private int _count;

    /// <summary>Adds a start, which the file may have already.</summary>
    internal void Add(StartRecord start, bool isWritten = false)
    {
        lock (_lock)
        {
            if (!_byDaemon.TryGetValue(start.Daemon, out var ofDaemon))
            {
                _byDaemon[start.Daemon] = ofDaemon = new Queue<StartRecord>();
            }

            ofDaemon.Enqueue(start);
            if (++_count > capacity)
            {
                Forget();
            }

            if (!isWritten)
            {
                // With too many new starts the whole file is rewritten, so their list is not needed.
                _new = _new?.Count < capacity ? _new : null;
                _new?.Add(start);
            }
        }
    }

    /// <summary>The new starts since the last call, oldest first. <see langword="null"/> if there are too many; call <see cref="FetchAll"/> then.</summary>
    internal IReadOnlyList<StartRecord>? FetchNew()
    {
        lock (_lock)
        {
            var fetched = _new;
            _new = fetched is null ? null : [];
            return fetched;
        }
    }

    /// <summary>All starts, oldest first. None of them is new after this.</summary>
    internal IReadOnlyList<StartRecord> FetchAll()
    {
        lock (_lock)
        {
            _new = [];
            return [.. _byDaemon.Values.SelectMany(s => s).OrderBy(s => s.At)];
        }
    }

    /// <summary>The starts of each daemon, oldest first.</summary>
    internal IReadOnlyDictionary<string, StartRecord[]> ByDaemon()
    {
        lock (_lock)
        {
            return _byDaemon.ToDictionary(d => d.Key, d => d.Value.ToArray(), _byDaemon.Comparer);
        }
    }

    // The daemon with the most starts loses one, so that a crash loop does not remove the history of other daemons.
    private void Forget()
    {
        var (name, most) = _byDaemon.MaxBy(d => d.Value.Count);
        most.Dequeue();
        _count--;
        if (most.Count == 0)
        {
            _byDaemon.Remove(name);
        }
    }
}
