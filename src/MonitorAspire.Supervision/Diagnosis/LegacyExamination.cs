using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Files of the layout that had no port in the name.</summary>
/// <param name="parts">The engine's parts.</param>
internal sealed class LegacyExamination(EngineParts parts)
{
    // The ports that daemons of the older layout had.
    private const int LegacyPorts = 4;

    internal IEnumerable<Symptom> Examine()
    {
        var directory = parts.Options.StateDirectory;
        var path = DaemonFiles.LegacyPidFile(directory);
        var ports = KnownDaemons.Ports(directory).Union(Enumerable.Range(DaemonSpec.DefaultPort, LegacyPorts)).ToList();
        var planned = parts.Legacy.Migrate(directory, ports, dryRun: true);
        if (planned.Count > 0)
        {
            var safe = planned.All(p => p.Settled);
            yield return new Symptom(
                new Finding
                {
                    Id = "legacy-pid-file",
                    Severity = FindingSeverity.Warning,
                    File = path,
                    Problem = safe
                        ? "there is a PID file of the older layout, without a port in its name"
                        : $"there is a PID file of the older layout, and nothing safe can be done about it: {string.Join("; ", planned.Where(p => !p.Settled).Select(p => p.Message))}",
                    Mend = safe ? "migrate it to the port that its process listens on, or remove it where that process is gone" : $"look at it, and delete {path} by hand",
                    SafeToMend = safe,
                },
                safe ? () => Migrate(directory, ports) : null);
        }
        else if (File.Exists(DaemonFiles.LegacyLogFile(directory)))
        {
            yield return new Symptom(new Finding
            {
                Id = "legacy-log",
                Severity = FindingSeverity.Info,
                File = DaemonFiles.LegacyLogFile(directory),
                Problem = "there is a log of the older layout, and nothing says of which port",
                Mend = "delete it when nobody needs it",
            });
        }
    }

    private string Migrate(string directory, IReadOnlyList<int> ports)
    {
        var done = parts.Legacy.Migrate(directory, ports);
        var message = string.Join("; ", done.Select(d => d.Message));
        return done.All(d => d.Settled) ? message : throw new NoLongerSafeException(message);
    }
}
