using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks for temporary files whose writer died before it could rename them.</summary>
/// <param name="parts">The engine's parts.</param>
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

        var finding = new Finding
        {
            Id = "temporary-file",
            Severity = FindingSeverity.Warning,
            File = path,
            Problem = $"{name} was left by PID {pid}, which died before it could rename it",
            Fix = "delete it",
            SafeToFix = true,
        };
        if (WriterIsGone(path, pid))
        {
            return new FixableFinding(finding, () => Delete(path, pid));
        }

        return parts.Time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < WriteTimeout
            ? null
            : new FixableFinding(finding with
            {
                Problem = $"{name} was left by PID {pid}, which lives, or may live",
                Fix = "delete it after that process has ended",
                SafeToFix = false,
            });
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
