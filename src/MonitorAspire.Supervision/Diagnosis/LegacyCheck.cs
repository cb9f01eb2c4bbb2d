using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks for files of the old layout, which had no port in the name.</summary>
internal sealed class LegacyCheck(EngineParts parts)
{
    // Number of ports that daemons of the old layout used.
    private const int LegacyPorts = 4;

    internal IEnumerable<FixableFinding> Examine()
    {
        var directory = parts.Options.StateDirectory;
        var path = DaemonFiles.LegacyPidFile(directory);
        var ports = KnownDaemons.Ports(directory).Union(Enumerable.Range(DaemonSpec.DefaultPort, LegacyPorts)).ToList();
        var planned = parts.Legacy.Migrate(directory, ports, dryRun: true);
        if (planned.Count > 0)
        {
            var safe = planned.All(p => p.Settled);
            yield return new FixableFinding(
                "legacy-pid-file", FindingSeverity.Warning, path,
                safe
                    ? "there is a PID file of the old layout, without a port in its name"
                    : $"there is a PID file of the old layout, and no fix is provably safe: {string.Join("; ", planned.Where(p => !p.Settled).Select(p => p.Message))}",
                safe ? "migrate it to the port that its process listens on, or remove it where that process has ended" : $"look at it, and delete {path} by hand",
                safe ? () => Migrate(directory, ports) : null);
        }
        else if (File.Exists(DaemonFiles.LegacyLogFile(directory)))
        {
            yield return new FixableFinding(
                "legacy-log", FindingSeverity.Info, DaemonFiles.LegacyLogFile(directory),
                "there is a log of the old layout, and its port is unknown", "delete it if it is not needed");
        }
    }

    private string Migrate(string directory, IReadOnlyList<int> ports)
    {
        var done = parts.Legacy.Migrate(directory, ports);
        var message = string.Join("; ", done.Select(d => d.Message));
        return done.All(d => d.Settled) ? message : throw new NoLongerSafeException(message);
    }
}
