using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Identity;

/// <summary>The temporary files in a state directory, which a writer renames within milliseconds: those of a dead writer stay.</summary>
internal sealed partial class PendingWrites(ProcessTable processes)
{
    /// <summary>A write takes milliseconds. After this time a living writer does not rename its file any more.</summary>
    internal static readonly TimeSpan LongestWrite = TimeSpan.FromMinutes(1);

    // The start time of a process has a precision of about a second.
    private static readonly TimeSpan StartTimePrecision = TimeSpan.FromSeconds(2);

    private long _deletedAt;

    /// <summary>Our temporary files, and the PIDs of their writers, which may live.</summary>
    internal static IEnumerable<(string Path, int Writer)> Find(string stateDirectory)
    {
        foreach (var path in Directory.EnumerateFiles(stateDirectory, "*" + AtomicFile.TemporarySuffix).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            if (StateDirectory.IsOurs(name) && TemporaryName().Match(name) is { Success: true } match
                && int.TryParse(match.Groups["pid"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                yield return (path, pid);
            }
        }
    }

    /// <summary>Whether the writer of a temporary file has provably ended: its PID is not used, or a younger process uses it.</summary>
    internal bool WriterIsGone(string path, int pid) => processes.Lookup(pid) switch
    {
        { Presence: ProcessPresence.Dead } => true,
        { Presence: ProcessPresence.Alive, Identity: { } identity } =>
            processes.StartTimeOf(identity) > File.GetLastWriteTimeUtc(path) + StartTimePrecision,
        _ => false,
    };

    /// <summary>
    /// Deletes those that are older than a minute and whose writers have provably ended, and returns their names. A younger one may belong to a
    /// process in another PID namespace. A file that cannot be deleted stays, and the doctor reports it.
    /// </summary>
    internal IReadOnlyList<string> Delete(string stateDirectory, DateTimeOffset now)
    {
        try
        {
            return [.. Find(stateDirectory)
                .Where(f => now - File.GetLastWriteTimeUtc(f.Path) > LongestWrite && WriterIsGone(f.Path, f.Writer) && AtomicFile.TryDelete(f.Path))
                .Select(f => Path.GetFileName(f.Path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// The same, unless that was done in the last minute: the start of a large fleet would list the directory once for each daemon.
    /// </summary>
    internal IReadOnlyList<string> DeleteIfDue(string stateDirectory, DateTimeOffset now)
    {
        var before = Volatile.Read(ref _deletedAt);
        return Math.Abs(now.UtcTicks - before) > LongestWrite.Ticks && Interlocked.CompareExchange(ref _deletedAt, now.UtcTicks, before) == before
            ? Delete(stateDirectory, now)
            : [];
    }

    [GeneratedRegex(@"\.(?<pid>[0-9]{1,10})-[0-9a-f]{8}\.tmp\z")]
    private static partial Regex TemporaryName();
}
