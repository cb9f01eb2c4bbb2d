namespace MonitorAspire.Cli.Tests.Documentation;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    internal static string Root { get; } = Find();

    /// <summary>The pages that a user reads. Paths are relative to the root.</summary>
    internal static IReadOnlyList<string> Pages { get; } =
    [
        "README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md",
        "src/MonitorAspire.Cli/README.md", "src/MonitorAspire.Hosting/README.md", "src/MonitorAspire.Supervision/README.md",
        .. Directory.GetFiles(PathOf("docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => Path.GetRelativePath(Root, path)),
    ];

    internal static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string Find()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "MonitorAspire.sln")))
            {
                return directory;
            }
        }

        throw new InvalidOperationException($"no MonitorAspire.sln above {AppContext.BaseDirectory}");
    }
}
