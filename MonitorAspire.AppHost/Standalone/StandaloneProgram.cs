using MonitorAspire.AppHost.CommandLine;

namespace MonitorAspire.AppHost.Standalone;

/// <summary>An AppHost without Aspire, from its command line to its exit code.</summary>
internal static class StandaloneProgram
{
    /// <summary>Runs the fleet that the settings beside the program declare, until it is told to stop.</summary>
    /// <param name="args">The command line.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args) =>
        AppHostCommand.Read(args, allowOthers: false, Console.Out, Console.Error, out var exitCode) is { } settings
            ? await new FleetHost(settings, Console.Out, Console.Error).RunAsync()
            : exitCode;
}
