using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks owner and mode of our files: they belong to this user and have mode 0600.</summary>
internal sealed class FileModeCheck(string directory)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    internal IEnumerable<FixableFinding> Examine() => OperatingSystem.IsWindows()
        ? []
        : ExamineAll();

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private List<FixableFinding> ExamineAll()
    {
        // In a directory with mode 0700 the mode of a file has no effect. A daemon that writes its PID file itself may use another mode.
        var isClosed = FileStatus.Of(directory, follow: true) is { IsOpenToOthers: false };
        return [.. Directory.EnumerateFiles(directory)
            .Where(f => StateDirectory.IsOurs(Path.GetFileName(f)))
            .Order(StringComparer.Ordinal)
            .SelectMany(f => Examine(f, isClosed))];
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static IEnumerable<FixableFinding> Examine(string path, bool isClosed)
    {
        // Links and directories are found by the checks of each file.
        if (FileStatus.Of(path, follow: false) is not { IsFile: true } status)
        {
            yield break;
        }

        var name = Path.GetFileName(path);
        if (status.BelongsToOther)
        {
            yield return new FixableFinding(
                "file-foreign", FindingSeverity.Error, path,
                $"{name} belongs to another user (uid {status.Uid})", "run as that user, or let that user remove it");
        }
        else if (status.IsOpenToOthers)
        {
            var secret = SupervisorFiles.IsToken(name);
            yield return new FixableFinding(
                "file-mode", secret ? FindingSeverity.Error : isClosed ? FindingSeverity.Info : FindingSeverity.Warning, path,
                $"{name} has mode {FileStatus.Octal(status.Permissions)} and not 0600"
                    + (secret ? ": others may have read the token; delete it after the supervisor has stopped, so that a new one is made" : ""),
                "set mode 0600", () => SetPrivate(path, status));
        }
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static string SetPrivate(string path, FileStatus before)
    {
        using var handle = NoFollowFile.OpenRead(path);
        File.SetUnixFileMode(handle, Private);
        return $"changed the mode of {Path.GetFileName(path)} from {FileStatus.Octal(before.Permissions)} to 0600";
    }
}
