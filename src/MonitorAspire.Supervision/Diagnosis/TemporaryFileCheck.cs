using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks for temporary files whose writer died before it could rename them.</summary>
internal sealed partial class TemporaryFileCheck(EngineParts parts)
{
    // A write takes milliseconds. After this time a living writer does not rename its file any more.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromMinutes(1);

    // The start time of a process has a precision of about a second.
    private static readonly TimeSpan StartTimePrecision = TimeSpan.FromSeconds(2);

    internal IEnumerable<FixableFinding> Examine() =>
        [.. Directory.EnumerateFiles(parts.Options.StateDirectory, "*.tmp").Order(StringComparer.Ordinal).Select(Examine).OfType<FixableFinding>()];

    private FixableFinding? Examine(string path)
    {
        var name = Path.GetFileName(path);
        if (TemporaryName().Match(name) is not { Success: true } match || !OurFiles.IsOurs(name)
            || !int.TryParse(match.Groups["pid"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        FixableFinding LeftBy(string state, string fix, Func<string>? action = null) =>
            new("temporary-file", FindingSeverity.Warning, path, $"{name} was left by PID {pid}, which {state}", fix, action);
        return WriterIsGone(path, pid) ? LeftBy("died before it could rename it", "delete it", () => Delete(path, pid))
            : parts.Time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < WriteTimeout ? null
            : LeftBy("lives, or may live", "delete it after that process has ended");
    }

    private bool WriterIsGone(string path, int pid) => parts.Processes.Lookup(pid) switch
    {
        { Presence: ProcessPresence.Dead } => true,
        { Presence: ProcessPresence.Alive, Identity: { } identity } =>
            parts.Processes.StartTimeOf(identity) > File.GetLastWriteTimeUtc(path) + StartTimePrecision,
        _ => false,
    };

    private string Delete(string path, int pid)
    {
        if (!WriterIsGone(path, pid))
        {
            throw new NoLongerSafeException($"PID {pid} is used by a living process");
        }

        File.Delete(path);
        return $"deleted {Path.GetFileName(path)}";
    }

    [GeneratedRegex(@"\.(?<pid>[0-9]{1,10})-[0-9a-f]{8}\.tmp\z")]
    private static partial Regex TemporaryName();
}
