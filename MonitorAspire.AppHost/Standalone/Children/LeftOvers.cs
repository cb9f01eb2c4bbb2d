using System.Globalization;
using System.Text.RegularExpressions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.Standalone.Children;

/// <summary>
/// Children of an AppHost that was killed and could stop nobody. Only who holds the AppHost's lock may look for them: then
/// their AppHost is gone for certain.
/// </summary>
internal static partial class LeftOvers
{
    /// <summary>Stops what is provably one of them. Returns a sentence for each.</summary>
    /// <param name="engine">The engine on the AppHost's own directory.</param>
    /// <param name="directory">That directory.</param>
    /// <param name="hurry">Kills at once.</param>
    public static async Task<IReadOnlyList<string>> StopAsync(IDaemonEngine engine, string directory, CancellationToken hurry)
    {
        var stopped = new List<string>();
        foreach (var path in Directory.EnumerateFiles(directory, "monitor-daemon-*.instance.json").Order(StringComparer.Ordinal).ToList())
        {
            if (InstanceFile().Match(Path.GetFileName(path)) is not { Success: true } match)
            {
                continue;
            }

            var port = int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            var spec = new DaemonSpec { Name = $"left-over-{port}", Port = port, Command = "unknown" };
            var report = await engine.StopAsync(spec, new StopOptions { GracePeriod = TimeSpan.FromSeconds(5) }, hurry);
            if (report is { Verdict: StopVerdict.Stopped, Pid: { } pid })
            {
                stopped.Add($"Stopped PID {pid} on port {port}, left over by an AppHost that was killed.");
            }
        }

        return stopped;
    }

    [GeneratedRegex(@"^monitor-daemon-(\d{1,5})\.instance\.json\z")]
    private static partial Regex InstanceFile();
}
