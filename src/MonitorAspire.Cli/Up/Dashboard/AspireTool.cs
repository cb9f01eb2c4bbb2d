using System.Text.Json;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Cli.Up.Dashboard;

/// <summary>The <c>aspire</c> tool, which has the dashboard. Paths are absolute; the arguments precede those of the tool itself.</summary>
internal sealed record AspireTool(string Command, IReadOnlyList<string> Arguments, string WorkingDirectory)
{
    private const string Package = "aspire.cli";

    // No manifest is larger; a file of this name that is has nothing to do with .NET.
    private const int MaximumManifestBytes = 1024 * 1024;

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The tool on PATH, else the one that a tool manifest in this directory or above it names, or <see langword="null"/>.</summary>
    internal static AspireTool? Find(string directory, string? searchPath)
    {
        if (ExecutableLookup.Find("aspire", searchPath, directory, out _) is { } aspire)
        {
            return new AspireTool(aspire, [], Path.GetTempPath());
        }

        return ExecutableLookup.Find("dotnet", searchPath, directory, out _) is { } dotnet && ManifestDirectory(directory) is { } found
            ? new AspireTool(dotnet, ["tool", "run", "aspire", "--"], found)
            : null;
    }

    private static string? ManifestDirectory(string directory)
    {
        for (var place = new DirectoryInfo(directory); place is not null; place = place.Parent)
        {
            if (Names(Path.Combine(place.FullName, ".config", "dotnet-tools.json")) || Names(Path.Combine(place.FullName, "dotnet-tools.json")))
            {
                return place.FullName;
            }
        }

        return null;
    }

    internal static bool Names(string manifest)
    {
        try
        {
            if (new FileInfo(manifest) is not { Exists: true, Length: <= MaximumManifestBytes })
            {
                return false;
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(manifest), Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("tools", out var tools)
                && tools.ValueKind == JsonValueKind.Object
                && tools.EnumerateObject().Any(t => string.Equals(t.Name, Package, StringComparison.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            // A manifest that cannot be read names no tool. A name that is not valid Unicode is an InvalidOperationException.
            return false;
        }
    }
}
