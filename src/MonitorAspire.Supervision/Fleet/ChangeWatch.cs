using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Looks at the files of <see cref="RestartOnChange"/> again and again, and tells when they have changed and then stayed the same for the delay.
/// Looks also find what a file watcher of the system misses: changes behind symbolic links and on network file systems. Changes that come as often
/// as a crash loop are told only at the longest delay of the restart policy.
/// </summary>
internal sealed class ChangeWatch : IDisposable
{
    private static readonly EnumerationOptions AllEntries = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _time;
    private readonly RestartOnChange _rule;
    private readonly RestartPolicy _policy;
    private readonly string _directory;
    private readonly Action<string> _changed;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Queue<long> _told = [];
    private Dictionary<string, ContentVersion> _known;
    private Dictionary<string, ContentVersion> _latest;
    private long _changedAt;

    /// <summary>Begins to look.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="rule">The files and the delay.</param>
    /// <param name="policy">Says how many changes in which time are too many.</param>
    /// <param name="directory">What relative paths are relative to.</param>
    /// <param name="changed">Called with a sentence about the change.</param>
    public ChangeWatch(TimeProvider time, RestartOnChange rule, RestartPolicy policy, string directory, Action<string> changed)
    {
        (_time, _rule, _policy, _directory, _changed) = (time, rule, policy, directory, changed);
        _known = _latest = Look();
        var interval = rule.Delay / 4 < LongestInterval ? rule.Delay / 4 : LongestInterval;
        _timer = time.CreateTimer(_ => OnTimer(), null, interval, interval);
    }

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        // A look at a slow file system may take longer than the interval.
        if (!_gate.TryEnter())
        {
            return;
        }

        try
        {
            var now = Look();
            if (!IsSame(now, _latest))
            {
                (_latest, _changedAt) = (now, _time.GetTimestamp());
                return;
            }

            if (_time.GetElapsedTime(_changedAt) < Delay() || Difference(_known, now) is not { } what)
            {
                return;
            }

            _known = now;
            _told.Enqueue(_time.GetTimestamp());
            _changed(what);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next look may see more.
        }
        finally
        {
            _gate.Exit();
        }
    }

    private TimeSpan Delay()
    {
        while (_told.TryPeek(out var at) && _time.GetElapsedTime(at) > _policy.BudgetWindow)
        {
            _told.Dequeue();
        }

        return _told.Count >= _policy.Budget && _policy.MaxDelay > _rule.Delay ? _policy.MaxDelay : _rule.Delay;
    }

    private Dictionary<string, ContentVersion> Look()
    {
        var seen = new Dictionary<string, ContentVersion>(StringComparer.Ordinal);
        foreach (var given in _rule.Paths)
        {
            var path = Path.GetFullPath(given, _directory);
            if (Directory.Exists(path))
            {
                AddDirectory(path, seen);
            }
            else if (ContentVersion.Of(path) is { } version)
            {
                seen[path] = version;
            }
            else if (_latest is not null && _latest.TryGetValue(path, out var before))
            {
                // A file that is just written anew may be missing for a moment. One that was deleted cannot be what a daemon is restarted for.
                seen[path] = before;
            }
        }

        return seen;
    }

    // Directories behind symbolic links are not searched: they may lead back. Files behind them are followed.
    private static void AddDirectory(string directory, Dictionary<string, ContentVersion> seen)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", AllEntries))
        {
            if (entry.Name is "node_modules" or "__pycache__" || entry.Name.StartsWith('.') || entry.Name.EndsWith('~'))
            {
                continue;
            }

            if (ContentVersion.Of(entry.FullName) is { } version)
            {
                seen[entry.FullName] = version;
            }
            else if (entry is DirectoryInfo { LinkTarget: null })
            {
                AddDirectory(entry.FullName, seen);
            }
        }
    }

    private static bool IsSame(Dictionary<string, ContentVersion> one, Dictionary<string, ContentVersion> other) => Difference(one, other) is null;

    private static string? Difference(Dictionary<string, ContentVersion> old, Dictionary<string, ContentVersion> now)
    {
        var changed = now.Where(file => !old.TryGetValue(file.Key, out var version) || version != file.Value).Select(file => file.Key)
            .Concat(old.Keys.Where(path => !now.ContainsKey(path))).Order(StringComparer.Ordinal).ToList();
        return changed switch
        {
            [] => null,
            [var one] => $"{one} has changed",
            [var first, ..] => $"{first} and {changed.Count - 1} more files have changed",
        };
    }
}
