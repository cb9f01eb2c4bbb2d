using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>The state directory itself: there, a directory, ours, and closed to others.</summary>
/// <param name="directory">Absolute path.</param>
internal sealed class DirectoryExamination(string directory)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Whether the examination of what is in it makes sense.</summary>
    internal bool CanBeListed { get; private set; }

    internal IEnumerable<Symptom> Examine()
    {
        if (!Path.Exists(directory))
        {
            return [Symptom("directory-missing", FindingSeverity.Info, "the state directory does not exist: nothing was started with it yet", "none needed; the first start makes it")];
        }

        if (!Directory.Exists(directory))
        {
            return [Symptom("directory-not-a-directory", FindingSeverity.Error, "the state directory is not a directory", "move the file away, or give another --state-dir")];
        }

        try
        {
            _ = Directory.EnumerateFileSystemEntries(directory).Count();
            CanBeListed = true;
        }
        catch (UnauthorizedAccessException)
        {
            return [Symptom("directory-unreadable", FindingSeverity.Error, "this user may not list the state directory", "run as its owner, or give another --state-dir")];
        }

        return OperatingSystem.IsWindows() || FileStatus.Of(directory, follow: true) is not { } status ? [] : [.. Access(status)];
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private IEnumerable<Symptom> Access(FileStatus status)
    {
        if (status.BelongsToOther)
        {
            yield return Symptom(
                "directory-foreign", FindingSeverity.Error,
                $"the state directory belongs to another user (uid {status.Uid}), who can change what is in it",
                "run as that user, or give another --state-dir");
            yield break;
        }

        if (status.Permissions == Private)
        {
            yield break;
        }

        var severity = (status.Permissions & WritableByOthers) != 0 || (status.Permissions & Private) != Private ? FindingSeverity.Error : FindingSeverity.Warning;
        var problem = $"the state directory has mode {FileStatus.Octal(status.Permissions)} and not 0700"
            + ((status.Permissions & WritableByOthers) != 0 ? ": others can change what is in it" : "");

        // Somebody who gave a shared directory must not lose it to everybody else.
        yield return HasOnlyOurFiles()
            ? Symptom("directory-mode", severity, problem, "set mode 0700", () => SetPrivate(status))
            : Symptom("directory-mode", severity, $"{problem}, and there are files of others in it", "give a directory of its own with --state-dir");
    }

    private bool HasOnlyOurFiles() => Directory.EnumerateFileSystemEntries(directory).All(e => OurFiles.IsOurs(Path.GetFileName(e)));

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private string SetPrivate(FileStatus before)
    {
        using var handle = NoFollowFile.OpenRead(directory);
        File.SetUnixFileMode(handle, Private);
        return $"changed the mode of the state directory from {FileStatus.Octal(before.Permissions)} to 0700";
    }

    private Symptom Symptom(string id, FindingSeverity severity, string problem, string mend, Func<string>? action = null) => new(
        new Finding { Id = id, Severity = severity, File = directory, Problem = problem, Mend = mend, SafeToMend = action is not null }, action);
}
