using System.Globalization;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks the log of a port: it is a file and not much larger than the limit for rotation, and the daemon writes to it.</summary>
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

        if (Deleted(port) is { } deleted)
        {
            return [deleted];
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

    // The kernel adds this to the path of an open file that has no name any more, proc_pid_fd(5).
    private const string DeletedSuffix = " (deleted)";

    private static FixableFinding? Deleted(ExaminedPort port)
    {
        if (!OperatingSystem.IsLinux() || port.Inspection is not { Pid: { } pid })
        {
            return null;
        }

        var path = port.Files.LogFile;
        foreach (var output in (string[])[$"/proc/{pid}/fd/1", $"/proc/{pid}/fd/2"])
        {
            try
            {
                if (File.ResolveLinkTarget(output, returnFinalTarget: false)?.FullName != path + DeletedSuffix)
                {
                    continue;
                }

                using var log = File.OpenHandle(output, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                return port.Finding(
                    "log-deleted", FindingSeverity.Warning, path,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the log was deleted, but PID {pid} still writes to it: {RandomAccess.GetLength(log) / Mebibyte:0.#} MiB use the disk, and no command shows them"),
                    $"keep it with 'cp {output} FILE', then monitor restart --port {port.Number}; it frees the space and makes a new log");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The process has just ended, or belongs to another user.
            }
        }

        return null;
    }
}
