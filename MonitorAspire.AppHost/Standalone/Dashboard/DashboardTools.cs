using System.Reflection;
using MonitorAspire.AppHost.Standalone.Output;

namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>Gets hold of the dashboard: what is on PATH first, then what was fetched before, then npm.</summary>
internal static class DashboardTools
{
    /// <summary>The directory of fetched tools: the checkout's <c>artifacts/</c>, else beside the state of the user.</summary>
    /// <param name="stateDirectory">The state directory.</param>
    public static string Root(string stateDirectory)
    {
        var artifacts = typeof(DashboardTools).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key == "ArtifactsRoot")?.Value;
        return Path.GetDirectoryName(artifacts?.TrimEnd('/', '\\')) is { } checkout && Directory.Exists(checkout)
            ? Path.Combine(artifacts!, "aspire-cli")
            : Path.Combine(stateDirectory, "tools", "aspire-cli");
    }

    /// <summary>The tool that a person installed, if any, and the one that was or could be fetched.</summary>
    /// <param name="root">The directory of fetched tools.</param>
    /// <param name="screen">For the progress line.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The tool, or why there is none.</returns>
    public static async Task<(DashboardTool? Tool, string? Problem)> FetchedAsync(string root, Screen screen, CancellationToken cancellationToken)
    {
        if (NpmPackage.Name is not { } package)
        {
            return (null, "there is no package of it for this platform");
        }

        var tool = DashboardTool.Fetched(package, root);
        if (File.Exists(tool.Executable))
        {
            return (tool, null);
        }

        screen.Say($"Fetching the dashboard once: npm package {tool.Origin} (about 130 MB) into {root} …");
        var problem = await NpmPackage.FetchAsync(package, root, cancellationToken);
        return problem is null ? (tool, null) : (null, problem);
    }
}
