using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>The log of a port: a file, and not larger than rotation lets it become.</summary>
internal static class LogExamination
{
    private const double Mebibyte = 1024 * 1024;

    // Rotation looks now and then; only well above the limit is it certain that nobody looks any more.
    private const int Tolerance = 2;

    internal static IEnumerable<Symptom> Examine(Patient patient)
    {
        var path = patient.Files.LogFile;
        var name = Path.GetFileName(path);
        if (!OperatingSystem.IsWindows() && FileStatus.Of(path, follow: false) is { IsFile: false })
        {
            yield return new Symptom(patient.Find(
                "log-not-a-file", FindingSeverity.Error, path, $"{name} is a directory, a link or something else that is no file: no daemon can be started on port {patient.Port}", "move it away"));
            yield break;
        }

        var options = patient.Parts.Options;
        if (new FileInfo(path) is { Exists: true, Length: var length } && length > options.LogRotateBytes * Tolerance)
        {
            yield return new Symptom(
                patient.Find(
                    "log-large", FindingSeverity.Warning, path,
                    string.Create(CultureInfo.InvariantCulture, $"{name} has {length / Mebibyte:0.#} MiB; it is rotated at {options.LogRotateBytes / Mebibyte:0.#} MiB, but nobody does"),
                    "rotate it", safe: true),
                () => DaemonLog.RotateIfLarger(path, options.LogRotateBytes, options.LogFilesKept)
                    ? $"rotated {name} to {name}.1"
                    : $"{name} was rotated already");
        }
    }
}
