using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Compares the PID file of a port with the instance.</summary>
internal static class PidFileCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        var name = Path.GetFileName(port.Files.PidFile);
        if (port.PidFile.State is PidFileState.NotAFile)
        {
            return [Finding(port, "pid-file-not-a-file", FindingSeverity.Error, $"{name} is not a file: no daemon can be started on port {port.Number}", "move it away")];
        }

        if (port.PidFile.State is PidFileState.Unreadable)
        {
            return [Finding(port, "pid-file-unreadable", FindingSeverity.Error, $"{name} cannot be read by this user", "run as its owner")];
        }

        return port.Located switch
        {
            { Kind: LocatedKind.Instance, Identity: { } identity } => OfInstance(port, name, identity.Pid),
            { Kind: LocatedKind.None } => OfNobody(port, name),

            // The lock has its own finding. Until that is fixed, no fix of the PID file is safe.
            _ => [],
        };
    }

    private static IEnumerable<FixableFinding> OfInstance(ExaminedPort port, string name, int pid)
    {
        var reading = port.PidFile;
        if (reading.State == PidFileState.Valid && reading.Pid == pid)
        {
            return [];
        }

        // A daemon that writes its PID file itself may not have written it yet.
        if (port.Located.Record is { VerifiedAt: null, Launcher: { } launcher } && port.Parts.Processes.IsAlive(launcher))
        {
            return [];
        }

        var (id, what) = reading.State == PidFileState.Valid
            ? ("pid-file-mismatch", $"names PID {reading.Pid}")
            : ($"pid-file-{reading.StateName}", $"is {reading.StateName}");
        return [Finding(port, id, FindingSeverity.Warning, $"{name} {what}; the daemon is PID {pid}", $"write PID {pid} into it", () => Repair(port))];
    }

    private static IEnumerable<FixableFinding> OfNobody(ExaminedPort port, string name)
    {
        switch (port.PidFile.State)
        {
            case PidFileState.Missing:
                return [];

            case PidFileState.Symlink:
                return [Finding(port, "pid-file-symlink", FindingSeverity.Warning, $"{name} is a symbolic link, which no daemon creates", "remove the link (not its target)", () => Clean(port))];

            case PidFileState.Empty or PidFileState.Malformed:
                return [Finding(
                    port, $"pid-file-{port.PidFile.StateName}", FindingSeverity.Warning,
                    $"{name} {(port.PidFile.State == PidFileState.Empty ? "is empty" : "holds no PID")}, and there is no daemon of ours", "remove it", () => Clean(port))];

            default:
                return [OfValid(port, name, port.PidFile.Pid)];
        }
    }

    private static FixableFinding OfValid(ExaminedPort port, string name, int pid)
    {
        var lookup = port.Parts.Processes.Lookup(pid);
        if (lookup.Presence == ProcessPresence.Dead)
        {
            return Finding(port, "pid-file-stale", FindingSeverity.Warning, $"{name} names PID {pid}, which has ended", "remove it", () => Clean(port));
        }

        if (lookup.Presence == ProcessPresence.CannotInspect)
        {
            return Finding(
                port, "pid-file-unprovable", FindingSeverity.Error, $"{name} names PID {pid}, which this user may not inspect", "run as the owner of that process");
        }

        var executable = port.Parts.Processes.Describe(pid)?.Executable ?? "unknown";
        return port.Parts.Listeners.FindOwners(port.Number, [pid]).Any(l => l.Pids.Contains(pid))
            ? Finding(
                port, "pid-file-foreign", FindingSeverity.Error,
                $"{name} names PID {pid} ({executable}), which serves the port but holds no lock and has no record: it was not started by us",
                "stop it by its own means, then 'monitor start'")
            : Finding(
                port, "pid-file-reused", FindingSeverity.Warning,
                $"{name} names PID {pid} ({executable}), a foreign process that neither holds the lock nor serves the port",
                "remove the file (the process is not touched)", () => Clean(port));
    }

    // The same as a start does under the lock.
    private static string Clean(ExaminedPort port) => port.UnderLock(() =>
    {
        var notes = new List<string>();
        try
        {
            port.Parts.Stale.Clean(port.Files, notes);
        }
        catch (StartupFailedException e)
        {
            throw new NoLongerSafeException(e.Message);
        }

        return notes.Count > 0 ? string.Join("; ", notes) : $"{Path.GetFileName(port.Files.PidFile)} was removed already";
    });

    // The identity is proved once more before the file is written.
    private static string Repair(ExaminedPort port)
    {
        var attachment = new Attachment(port.Parts);
        var instance = attachment.Attach(port.Spec) ?? throw new NoLongerSafeException("the daemon has ended meanwhile");
        return attachment.RepairFiles(port.Spec, instance) ?? throw new NoLongerSafeException("the daemon has ended meanwhile, or the file cannot be written");
    }

    private static FixableFinding Finding(ExaminedPort port, string id, FindingSeverity severity, string problem, string fix, Func<string>? action = null) =>
        port.Finding(id, severity, port.Files.PidFile, problem, fix, action);
}
