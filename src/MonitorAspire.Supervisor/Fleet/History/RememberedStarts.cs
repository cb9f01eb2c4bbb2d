namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>The latest starts, by daemon, and which of them are still to be written. Safe for several threads.</summary>
/// <param name="capacity">How many starts are remembered.</param>
internal sealed class RememberedStarts(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<StartRecord>> _byDaemon = new(StringComparer.OrdinalIgnoreCase);
    private List<StartRecord>? _new = [];
    private int _count;

    /// <summary>Remembers a start.</summary>
    /// <param name="start">The start.</param>
    /// <param name="isWritten">It comes from the file.</param>
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
                // Nobody fetched them for very long: then all have to be written, and a list of the new ones is of no use.
                _new = _new?.Count < capacity ? _new : null;
                _new?.Add(start);
            }
        }
    }

    /// <summary>The starts that were not fetched yet, oldest first; <see langword="null"/> where there are too many: fetch all then.</summary>
    internal IReadOnlyList<StartRecord>? FetchNew()
    {
        lock (_lock)
        {
            var fetched = _new;
            _new = fetched is null ? null : [];
            return fetched;
        }
    }

    /// <summary>All of them, oldest first; none is new any more.</summary>
    internal IReadOnlyList<StartRecord> FetchAll()
    {
        lock (_lock)
        {
            _new = [];
            return [.. _byDaemon.Values.SelectMany(s => s).OrderBy(s => s.At)];
        }
    }

    /// <summary>What is remembered of each daemon, oldest first.</summary>
    internal IReadOnlyDictionary<string, StartRecord[]> ByDaemon()
    {
        lock (_lock)
        {
            return _byDaemon.ToDictionary(d => d.Key, d => d.Value.ToArray(), _byDaemon.Comparer);
        }
    }

    // The daemon with the most starts gives one up: a crash loop displaces its own history and not that of its neighbours.
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
