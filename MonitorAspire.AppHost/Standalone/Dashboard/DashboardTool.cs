namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>An <c>aspire</c> command line tool that can run the dashboard.</summary>
/// <param name="Executable">Absolute path.</param>
/// <param name="Home">Where it keeps what it unpacks and logs, or <see langword="null"/> for its own choice.</param>
/// <param name="Origin">Where it comes from, for a person.</param>
internal sealed record DashboardTool(string Executable, string? Home, string Origin)
{
    /// <summary>The pinned version of the package.</summary>
    public const string Version = "13.5.4";

    /// <summary>The tool that a person installed, or <see langword="null"/>.</summary>
    public static DashboardTool? OnPath()
        => ExecutableSearch.Find("aspire") is { } path ? new DashboardTool(path, null, $"{path} on PATH") : null;

    /// <summary>Where the fetched package is, or will be.</summary>
    /// <param name="package">The package's name.</param>
    /// <param name="root">The directory of fetched tools.</param>
    public static DashboardTool Fetched(string package, string root)
    {
        var directory = Path.Combine(root, Version);
        var executable = Path.Combine(
            directory, "node_modules", package.Replace('/', Path.DirectorySeparatorChar), "bin", OperatingSystem.IsWindows() ? "aspire.exe" : "aspire");
        return new DashboardTool(executable, Path.Combine(directory, "home"), $"{package} {Version}");
    }
}
