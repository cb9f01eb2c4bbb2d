namespace MonitorAspire.Supervision.Processes;

/// <summary>Finds an executable as execvp(3) does. Unlike execvp it tells "does not exist" from "not permitted".</summary>
internal static class ExecutableLookup
{
    /// <summary>Absolute path of a command, or null. With a directory separator it is relative to the working directory, else searched on PATH.</summary>
    internal static string? Find(string command, string? searchPath, string workingDirectory, out bool isForbidden)
    {
        isForbidden = false;
        if (command.AsSpan().ContainsAny(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar))
        {
            // '..' is left to the kernel: a directory may be named by a symbolic link.
            return Check(command.Contains("..", StringComparison.Ordinal) ? Path.Combine(workingDirectory, command) : Path.GetFullPath(command, workingDirectory), ref isForbidden);
        }

        string[] extensions = OperatingSystem.IsWindows() ? ["", ".exe", ".cmd", ".bat"] : [""];
        foreach (var directory in (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var extension in extensions)
            {
                if (Check(Path.Combine(Path.GetFullPath(directory, workingDirectory), command + extension), ref isForbidden) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    private static string? Check(string path, ref bool isForbidden)
    {
        const UnixFileMode anyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        if (File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & anyExecute) != 0))
        {
            return path;
        }

        isForbidden |= Path.Exists(path);
        return null;
    }
}
