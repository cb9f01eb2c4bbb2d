namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>Looks a program up on <c>PATH</c>, as a shell does.</summary>
internal static class ExecutableSearch
{
    /// <summary>Its absolute path, or <see langword="null"/>.</summary>
    /// <param name="name">The program's name without an extension.</param>
    public static string? Find(string name)
    {
        var names = OperatingSystem.IsWindows() ? (string[])[$"{name}.exe", $"{name}.cmd"] : [name];
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathRooted)
            .SelectMany(directory => names.Select(n => Path.Combine(directory, n)))
            .FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path)
        => File.Exists(path)
            && (OperatingSystem.IsWindows()
                || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
