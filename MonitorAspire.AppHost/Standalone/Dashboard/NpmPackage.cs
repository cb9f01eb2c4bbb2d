using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>
/// The dashboard's official npm package for this platform, fetched once with the npm client, so that the registry, proxy and
/// credentials are those that npm is configured with, and its checksum is npm's to verify.
/// </summary>
internal static class NpmPackage
{
    private static readonly TimeSpan FetchTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The package's name, or <see langword="null"/> where there is none for this platform.</summary>
    public static string? Name
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "win"
                : OperatingSystem.IsMacOS() ? "osx"
                : !OperatingSystem.IsLinux() ? null
                : RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) ? "linux-musl"
                : "linux";
            var architecture = RuntimeInformation.OSArchitecture switch
            {
                Architecture.X64 => "x64",
                Architecture.Arm64 => "arm64",
                _ => null,
            };
            return system is null || architecture is null ? null : $"@microsoft/aspire-cli-{system}-{architecture}";
        }
    }

    /// <summary>Fetches the package.</summary>
    /// <param name="package">Its name.</param>
    /// <param name="root">The directory of fetched tools.</param>
    /// <param name="cancellationToken">Gives up; nothing half-fetched stays.</param>
    /// <returns><see langword="null"/> when it is there; otherwise why not.</returns>
    public static async Task<string?> FetchAsync(string package, string root, CancellationToken cancellationToken)
    {
        if (ExecutableSearch.Find("npm") is not { } npm)
        {
            return "there is neither an 'aspire' nor an 'npm' command on PATH";
        }

        var place = Path.Combine(root, DashboardTool.Version);
        var draft = $"{place}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(draft);
            if (await RunAsync(npm, package, draft, cancellationToken) is { } failure)
            {
                return failure;
            }

            // One rename, so that nobody ever finds half a package. Where another AppHost was faster, its package is as good.
            if (!Directory.Exists(Path.Combine(place, "node_modules")))
            {
                Directory.CreateDirectory(place);
                Directory.Move(Path.Combine(draft, "node_modules"), Path.Combine(place, "node_modules"));
            }

            return File.Exists(DashboardTool.Fetched(package, root).Executable) ? null : $"the package {package} {DashboardTool.Version} has no program in it";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
        finally
        {
            Remove(draft);
        }
    }

    private static async Task<string?> RunAsync(string npm, string package, string directory, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(npm)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["install", "--prefix", directory, "--no-save", "--no-audit", "--no-fund", "--no-update-notifier",
            "--ignore-scripts", "--loglevel=error", $"{package}@{DashboardTool.Version}"])
        {
            start.ArgumentList.Add(argument);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FetchTimeout);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return cancellationToken.IsCancellationRequested ? "it was cancelled" : $"npm took longer than {FetchTimeout.TotalMinutes:F0} minutes";
        }

        await output;
        return process.ExitCode == 0 ? null : $"npm ended with exit code {process.ExitCode}: {Short(await error)}";
    }

    // npm writes a code, then an explanation, then where its own log is: the first two lines are what helps.
    private static string Short(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("npm error", StringComparison.Ordinal))
            .Select(line => line["npm error".Length..].Trim())
            .Take(2)
            .ToList();
        return lines.Count > 0 ? string.Join(": ", lines) : "no message";
    }

    private static void Remove(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be removed has a name that nobody will look for.
        }
    }
}
