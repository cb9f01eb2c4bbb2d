using System.Globalization;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks the log of a port: it is a file and not much larger than the limit for rotation.</summary>
internal static class LogCheck
{
    private const double Mebibyte = 1024 * 1024;

    // A log is rotated some time after it has reached the limit. Only a log of twice the size shows that no process rotates it.
    private const int Tolerance = 2;

    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        var path = port.Files.LogFile;
        if (port.NotAFile("log-not-a-file", path) is { } notAFile)
        {
            return [notAFile];
        }

        var limits = port.Spec.Log;
        if (new FileInfo(path) is not { Exists: true, Length: var length } || length <= limits.PartBytes * Tolerance)
        {
            return [];
        }

        var name = Path.GetFileName(path);
        return [port.Finding(
            "log-large", FindingSeverity.Warning, path,
            string.Create(CultureInfo.InvariantCulture, $"{name} has {length / Mebibyte:0.#} MiB; it should be rotated at {limits.PartBytes / Mebibyte:0.#} MiB, but no process does that"),
            "rotate it",
            () => LogRotation.RotateIfLarger(path, limits) ? $"rotated {name} to {name}.1" : $"{name} was rotated already")];
    }
}
