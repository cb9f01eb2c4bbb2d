namespace MonitorAspire.Supervision.Processes;

/// <summary>Finds an executable the way execvp(3) does, but tells "not there" from "not permitted".</summary>
internal static class ExecutableLookup
{
    /// <summary>Why there is nothing to execute.</summary>
    internal enum Failure
    {
        None,
        NotFound,
        NotExecutable,
    }

    /// <summary>Absolute path of a command.</summary>
    /// <param name="command">With a directory separator: relative to <paramref name="workingDirectory"/>. Without: looked up on PATH.</param>
    /// <param name="searchPath">The value of PATH that counts.</param>
    /// <param name="workingDirectory">Base of relative paths.</param>
    /// <param name="failure">Why not.</param>
    internal static string? Find(string command, string? searchPath, string workingDirectory, out Failure failure)
    {
        failure = Failure.NotFound;
        if (command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            || command.Contains(Path.AltDirectorySeparatorChar, StringComparison.Ordinal))
        {
            return Check(Path.GetFullPath(command, workingDirectory), ref failure);
        }

        foreach (var directory in (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var extension in OperatingSystem.IsWindows() ? new[] { "", ".exe", ".cmd", ".bat" } : [""])
            {
                if (Check(Path.Combine(Path.GetFullPath(directory, workingDirectory), command + extension), ref failure) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static string? Check(string path, ref Failure failure)
    {
        if (!File.Exists(path))
        {
            if (Directory.Exists(path))
            {
                failure = Failure.NotExecutable;
            }

            return null;
        }

        const UnixFileMode anyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & anyExecute) == 0)
        {
            failure = Failure.NotExecutable;
            return null;
        }

        failure = Failure.None;
        return path;
    }
}
