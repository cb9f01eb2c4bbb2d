using System.Collections.Concurrent;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Files;

/// <summary>Reads small files again only when they have changed. A supervisor looks at the same files every second, and one <c>statx</c> costs a tenth of reading and parsing one.</summary>
internal sealed class FileCache<T>(Func<string, T> read, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, (FileVersion Version, T Content)> _known = new();

    /// <summary>What the file contains now. The file is read whenever it is not provably the same as before.</summary>
    internal T Read(string path)
    {
        // Asked before the file is read: a file that is changed in between has another version at the next call.
        if (FileVersion.Of(path) is not { } version)
        {
            _known.TryRemove(path, out _);
            return read(path);
        }

        if (_known.TryGetValue(path, out var known) && known.Version == version)
        {
            return known.Content;
        }

        var content = read(path);
        if (version.IsSettled(time.GetUtcNow()))
        {
            _known[path] = (version, content);
        }

        return content;
    }
}
