using System.Collections.Immutable;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// The names of the daemons that a person has stopped. They are saved before the stop is answered, so that the next supervisor does not start them
/// when this one has crashed.
/// </summary>
/// <param name="names">What the supervisor before this one has saved.</param>
/// <param name="save">Saves the names. Default: they are not saved.</param>
internal sealed class StopMemory(IEnumerable<string> names, Action<IReadOnlyCollection<string>>? save = null)
{
    private readonly Lock _gate = new();
    private ImmutableHashSet<string> _names = ImmutableHashSet.CreateRange(StringComparer.OrdinalIgnoreCase, names);
    private bool _isClosed;

    /// <summary>One that begins with nothing and saves nothing.</summary>
    public static StopMemory None => new([]);

    /// <summary>Whether a person has stopped the daemon.</summary>
    public bool Has(string name) => Volatile.Read(ref _names).Contains(name);

    /// <summary>A person has stopped the daemon, or it runs again.</summary>
    public void Set(string name, bool isStopped) => Change(names => isStopped ? names.Add(name) : names.Remove(name));

    /// <summary>Forgets all daemons but these.</summary>
    public void KeepOnly(IEnumerable<string> names) => Change(known => known.Intersect(names));

    /// <summary>From now on nothing is saved: the supervisor ends, and its stops are not those of a person.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }
    }

    /// <summary>All daemons but these were stopped in order. The next supervisor begins anew, and leaves these as they are.</summary>
    public void Clear(IEnumerable<string> left)
    {
        lock (_gate)
        {
            if (_names.Count > 0)
            {
                save?.Invoke(_names.Intersect(left));
            }
        }
    }

    private void Change(Func<ImmutableHashSet<string>, ImmutableHashSet<string>> change)
    {
        lock (_gate)
        {
            var next = change(_names);
            if (!_isClosed && next != _names)
            {
                save?.Invoke(next);
                Volatile.Write(ref _names, next);
            }
        }
    }
}
