using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Removes the files of a dead instance. The caller holds the lock of the port, so no instance of ours lives.</summary>
internal sealed class StaleFiles(ProcessTable table, ListenerProbe listeners)
{
    /// <summary>Removes a stale PID file. A file that is not provably stale stays, and the start fails.</summary>
    internal void Clean(DaemonFiles files, List<string> notes)
    {
        var reading = PidFile.Read(files.PidFile);
        switch (reading.State)
        {
            case PidFileState.Missing:
                return;

            case PidFileState.NotAFile:
                throw new StartupFailedException(StartupReason.InvalidConfiguration, $"{files.PidFile} is not a file; move it away") { IsPassing = true };

            case PidFileState.Unreadable:
                throw new StartupFailedException(StartupReason.PermissionDenied, $"{files.PidFile} cannot be read by this user; it is not ours to replace");

            case PidFileState.Symlink:
                Remove(files.PidFile, "a symbolic link, which no instance creates (its target was not touched)", notes);
                return;

            case PidFileState.Empty:
            case PidFileState.Malformed:
                Remove(files.PidFile, $"{reading.StateName}, left by an instance that has ended", notes);
                return;

            default:
                CleanValid(files, reading.Pid, notes);
                return;
        }
    }

    private void CleanValid(DaemonFiles files, int pid, List<string> notes)
    {
        switch (table.Lookup(pid).Presence)
        {
            case ProcessPresence.Dead:
                Remove(files.PidFile, $"it named PID {pid}, which has ended", notes);
                return;

            case ProcessPresence.CannotInspect:
                throw new StartupFailedException(
                    StartupReason.PidMismatch, $"{files.PidFile} names PID {pid}, which this user may not inspect: it counts as foreign and its file stays")
                {
                    ExistingPid = pid,
                };
        }

        // The process lives, but it is no instance: the caller has checked that it neither holds the lock nor is in the record. So the PID was
        // used again, or no instance wrote the file. The file stays only where the process serves the port. Then the start fails because the
        // port is in use, and the report names the process.
        if (listeners.FindOwners(files.Port, [pid]).Any(l => l.Pids.Contains(pid)))
        {
            return;
        }

        Remove(files.PidFile, $"it named PID {pid} ({table.Describe(pid)?.Executable ?? "unknown"}), which lives but neither holds the lock nor serves the port", notes);
    }

    private static void Remove(string path, string why, List<string> notes)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"the stale {path} cannot be removed: {e.Message}");
        }

        notes.Add($"removed stale {Path.GetFileName(path)}: {why}");
    }
}
