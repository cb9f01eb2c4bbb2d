using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks for temporary files whose writer died before it could rename them.</summary>
internal sealed class TemporaryFileCheck(EngineParts parts)
{
    private readonly PendingWrites _files = new(parts.Processes);

    internal IEnumerable<FixableFinding> Examine() =>
        [.. PendingWrites.Find(parts.Options.StateDirectory).Select(f => Examine(f.Path, f.Writer)).OfType<FixableFinding>()];

    private FixableFinding? Examine(string path, int pid)
    {
        var name = Path.GetFileName(path);
        FixableFinding LeftBy(string state, string fix, Func<string>? action = null) =>
            new("temporary-file", FindingSeverity.Warning, path, $"{name} was left by PID {pid}, which {state}", fix, action);
        return _files.WriterIsGone(path, pid) ? LeftBy("died before it could rename it", "delete it; the next start does it too", () => Delete(path, pid))
            : parts.Time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < PendingWrites.LongestWrite ? null
            : LeftBy("lives, or may live", "delete it after that process has ended");
    }

    private string Delete(string path, int pid)
    {
        if (!_files.WriterIsGone(path, pid))
        {
            throw new NoLongerSafeException($"PID {pid} is used by a living process");
        }

        File.Delete(path);
        return $"deleted {Path.GetFileName(path)}";
    }
}
