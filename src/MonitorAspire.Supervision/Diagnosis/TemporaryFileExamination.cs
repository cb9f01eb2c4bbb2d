using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Temporary files of atomic writes that were never renamed, because their writer died in between.</summary>
/// <param name="parts">The engine's parts.</param>
internal sealed partial class TemporaryFileExamination(EngineParts parts)
{
    // A write takes milliseconds; a writer that lives and has not renamed its file after this will not.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // The start time of a process is known to about a second.
    private static readonly TimeSpan StartTimePrecision = TimeSpan.FromSeconds(2);

    internal IEnumerable<Symptom> Examine() =>
        [.. Directory.EnumerateFiles(parts.Options.StateDirectory, "*.tmp").Order(StringComparer.Ordinal).Select(Examine).OfType<Symptom>()];

    private Symptom? Examine(string path)
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
            Mend = "delete it",
            SafeToMend = true,
        };
        if (WriterIsGone(path, pid))
        {
            return new Symptom(finding, () => Delete(path, pid));
        }

        return parts.Time.GetUtcNow() - File.GetLastWriteTimeUtc(path) < Patience
            ? null
            : new Symptom(finding with
            {
                Problem = $"{name} was left by PID {pid}, which lives or may live",
                Mend = "delete it after that process has ended",
                SafeToMend = false,
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
            throw new NoLongerSafeException($"PID {pid} lives again");
        }

        File.Delete(path);
        return $"deleted {Path.GetFileName(path)}";
    }

    [GeneratedRegex(@"\.(?<pid>[0-9]{1,10})-[0-9a-f]{8}\.tmp\z")]
    private static partial Regex TemporaryName();
}
