using System.Globalization;
using MonitorAspire.ProcessBenchmarks.Measuring;

namespace MonitorAspire.ProcessBenchmarks;

/// <summary>Our own programs, as they are published for a user.</summary>
internal static class Ours
{
    /// <summary>Publishes command line, supervisor and daemon, compiled just in time or ahead of time.</summary>
    public static void Publish(string target)
    {
        var output = Target.ProgramsOf(target);
        Console.Error.WriteLine($"publishing {target} to {output}");
        if (Directory.Exists(output))
        {
            Directory.Delete(output, recursive: true);
        }

        var how = target == "ours-aot" ? "-p:PublishAot=true" : "-p:PublishReadyToRun=true";
        Commands.Run(
            "dotnet",
            new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_NOLOGO"] = "1" },
            ["publish", Path.Combine(Repository.Root, "src", "MonitorAspire.Cli"), "-c", "Release", "-v", "q", "-clp:ErrorsOnly", "-o", output, "--use-current-runtime", how]);
    }

    /// <summary>When the supervisor was built, and whether a source file is newer.</summary>
    public static string Version(string programs)
    {
        var supervisor = Directory.EnumerateFiles(programs, "monitor-aspire-supervisor*").Where(file => Path.GetExtension(file) is "" or ".dll").Max(File.GetLastWriteTimeUtc);
        var newest = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Max(File.GetLastWriteTimeUtc);
        return string.Create(CultureInfo.InvariantCulture, $"built {supervisor:yyyy-MM-dd HH:mm} UTC{(newest > supervisor ? ", OLDER THAN THE SOURCES" : "")}");
    }
}
