using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Migrates the files of the old layout, which had no port in their names.</summary>
internal sealed class LegacyFiles(ProcessTable table, ListenerProbe listeners)
{
    /// <summary>
    /// Removes a legacy PID file whose process is dead. Where the process listens on exactly one known port, the file becomes that port's PID
    /// file, and the log is renamed too. Otherwise the file stays and is reported. A dry run reports only what would be done.
    /// </summary>
    internal IReadOnlyList<(string Message, bool Settled)> Migrate(string stateDirectory, IEnumerable<int> knownPorts, bool dryRun = false)
    {
        var path = DaemonFiles.LegacyPidFile(stateDirectory);
        var reading = PidFile.Read(path);
        if (reading.State == PidFileState.Missing)
        {
            return [];
        }

        if (reading.State != PidFileState.Valid)
        {
            return [($"legacy {path} is {reading.StateName}: left as it is, because nothing can be proved about it", false)];
        }

        var lookup = table.Lookup(reading.Pid);
        if (lookup.Presence == ProcessPresence.Dead)
        {
            return [Do(dryRun, () => File.Delete(path), $"removed legacy {path}: PID {reading.Pid} has ended")];
        }

        if (lookup.Presence == ProcessPresence.CannotInspect)
        {
            return [($"legacy {path} names PID {reading.Pid}, which this user may not inspect: left as it is", false)];
        }

        var ports = knownPorts.Where(port => listeners.FindOwners(port, [reading.Pid]).Any(l => l.Pids.Contains(reading.Pid))).ToList();
        if (ports is not [var port])
        {
            return [(ports.Count == 0
                ? $"legacy {path} names PID {reading.Pid}, which listens on no known port: left as it is"
                : $"legacy {path} names PID {reading.Pid}, which listens on several known ports ({string.Join(", ", ports.Select(p => p.ToString(CultureInfo.InvariantCulture)))}): left as it is",
                false)];
        }

        return MigrateTo(new DaemonFiles(stateDirectory, port), path, reading.Pid, dryRun);
    }

    private static List<(string, bool)> MigrateTo(DaemonFiles files, string path, int pid, bool dryRun)
    {
        if (PidFile.Read(files.PidFile).Exists)
        {
            return [($"legacy {path} names PID {pid}, but {files.PidFile} is there already: left as it is", false)];
        }

        var results = new List<(string, bool)>
        {
            Do(dryRun, () => File.Move(path, files.PidFile, overwrite: false), $"migrated legacy {path} to {Path.GetFileName(files.PidFile)}: PID {pid} listens on port {files.Port}"),
        };

        var legacyLog = DaemonFiles.LegacyLogFile(files.StateDirectory);
        if (File.Exists(legacyLog) && !File.Exists(files.LogFile))
        {
            results.Add(Do(dryRun, () => File.Move(legacyLog, files.LogFile, overwrite: false), $"migrated legacy {legacyLog} to {Path.GetFileName(files.LogFile)}"));
        }

        return results;
    }

    private static (string Message, bool Settled) Do(bool dryRun, Action action, string message)
    {
        try
        {
            if (!dryRun)
            {
                action();
            }

            return (message, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ($"{message} — failed: {e.Message}", false);
        }
    }
}
