namespace MonitorAspire.ProcessBenchmarks;

/// <summary>The directories of the repository that this program was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Artifacts => Path.Combine(Root, "artifacts", "benchmarks");

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "MonitorAspire.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("this program must run from its output directory inside the repository");
    }
}
