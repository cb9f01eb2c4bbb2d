using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks the state directory itself: its existence, type, owner and mode.</summary>
internal sealed class DirectoryCheck(string directory)
{
    /// <summary>Whether its content can be examined. Content that other users can change is not believed.</summary>
    internal bool CanBeListed { get; private set; }

    internal IEnumerable<FixableFinding> Examine()
    {
        if (StateDirectory.WhyUnusable(directory) is { } unusable && !File.Exists(directory))
        {
            return [Finding("directory-unusable", FindingSeverity.Error, unusable, "use another --state-dir")];
        }

        if (!Path.Exists(directory))
        {
            return [Finding("directory-missing", FindingSeverity.Info, "the state directory does not exist: nothing was started with it yet", "none needed; the first start creates it")];
        }

        if (!Directory.Exists(directory))
        {
            return [Finding("directory-not-a-directory", FindingSeverity.Error, "the state directory is not a directory", "move the file away, or use another --state-dir")];
        }

        try
        {
            _ = Directory.EnumerateFileSystemEntries(directory).Count();
        }
        catch (UnauthorizedAccessException)
        {
            return [Finding("directory-unreadable", FindingSeverity.Error, "this user may not list the state directory", "run as its owner, or use another --state-dir")];
        }

        var distrust = TrustedPath.WhyNot(directory);
        CanBeListed = distrust is null;
        return OperatingSystem.IsWindows() || FileStatus.Of(directory, follow: true) is not { } status ? [] : [.. Access(status), .. Parents(status, distrust)];
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private IEnumerable<FixableFinding> Access(FileStatus status)
    {
        if (status.BelongsToOther)
        {
            yield return Finding(
                "directory-foreign", FindingSeverity.Error,
                $"the state directory belongs to another user (uid {status.Uid}), who can change what is in it",
                "run as that user, or use another --state-dir");
            yield break;
        }

        if (status.Permissions == FileStatus.PrivateDirectory)
        {
            yield break;
        }

        var severity = status.IsWritableByOthers || (status.Permissions & FileStatus.PrivateDirectory) != FileStatus.PrivateDirectory ? FindingSeverity.Error : FindingSeverity.Warning;
        var problem = $"the state directory has mode {FileStatus.Octal(status.Permissions)} and not 0700"
            + (status.IsWritableByOthers ? ": others can change what is in it" : "");

        // A directory that is shared with others must stay accessible to them.
        yield return HasOnlyOurFiles()
            ? Finding("directory-mode", severity, problem, "set mode 0700", () => SetPrivate(status))
            : Finding("directory-mode", severity, $"{problem}, and it contains other files", "use a separate directory with --state-dir");
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private IEnumerable<FixableFinding> Parents(FileStatus status, string? distrust)
    {
        if (!status.BelongsToOther && !status.IsWritableByOthers && distrust is { } reason)
        {
            yield return Finding("directory-parent", FindingSeverity.Error, reason, "let only its owner write to that parent, or use another --state-dir");
        }
    }

    private bool HasOnlyOurFiles() => Directory.EnumerateFileSystemEntries(directory).All(e => StateDirectory.IsOurs(Path.GetFileName(e)));

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private string SetPrivate(FileStatus before)
    {
        using var handle = NoFollowFile.OpenRead(directory);
        File.SetUnixFileMode(handle, FileStatus.PrivateDirectory);
        return $"changed the mode of the state directory from {FileStatus.Octal(before.Permissions)} to 0700";
    }

    private FixableFinding Finding(string id, FindingSeverity severity, string problem, string fix, Func<string>? action = null) =>
        new(id, severity, directory, problem, fix, action);
}
