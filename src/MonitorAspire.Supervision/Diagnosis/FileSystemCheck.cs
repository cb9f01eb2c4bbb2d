using System.Globalization;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks whether the file system of the state directory can be written to: space, inodes, and how it is mounted.</summary>
internal sealed class FileSystemCheck(string directory)
{
    // Lock, record, PID file and the first lines of a log.
    private const ulong LeastBytes = 64 * 1024;
    private const ulong LeastInodes = 8;

    internal IEnumerable<FixableFinding> Examine()
    {
        // A directory that does not exist yet is made in the nearest one that does.
        var existing = directory;
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
        {
            existing = parent;
        }

        if (FileSystem.Of(existing) is not { } system)
        {
            yield break;
        }

        if (system.IsReadOnly)
        {
            yield return Finding("file-system-read-only", $"the file system of {existing} is mounted for reading only: no daemon can be started", "mount it for writing, or use another --state-dir");
        }
        else if (system.AvailableBytes < LeastBytes)
        {
            yield return Finding(
                "disk-full",
                string.Create(CultureInfo.InvariantCulture, $"the file system of {existing} is full ({system.AvailableBytes} bytes are available): no daemon can be started, and logs lose lines"),
                "free some space; 'monitor logs --rotate --all' and the deletion of rotated parts (….log.1 and older) free that of logs");
        }
        else if (system.AvailableInodes < LeastInodes)
        {
            yield return Finding(
                "no-free-inodes",
                string.Create(CultureInfo.InvariantCulture, $"the file system of {existing} has no inodes left ({system.AvailableInodes} are available) although it has space: no file can be made"),
                "delete files that are not needed; 'df -i' shows the inodes");
        }
    }

    private FixableFinding Finding(string id, string problem, string fix) => new(id, FindingSeverity.Error, directory, problem, fix);
}
