using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>The PID file of a port, against what the kernel knows.</summary>
internal static class PidFileExamination
{
    internal static IEnumerable<Symptom> Examine(Patient patient)
    {
        var name = Path.GetFileName(patient.Files.PidFile);
        if (patient.PidFile.State is PidFileState.NotAFile)
        {
            return [Symptom(patient, "pid-file-not-a-file", FindingSeverity.Error, $"{name} is a directory or something else that is no file: no daemon can be started on port {patient.Port}", "move it away")];
        }

        if (patient.PidFile.State is PidFileState.Unreadable)
        {
            return [Symptom(patient, "pid-file-unreadable", FindingSeverity.Error, $"{name} cannot be read by this user", "run as its owner")];
        }

        return patient.Located switch
        {
            { Kind: LocatedKind.Instance, Identity: { } identity } => OfInstance(patient, name, identity.Pid),
            { Kind: LocatedKind.None } => OfNobody(patient, name),

            // The lock's own finding says it all, and until that is mended nothing is safe.
            _ => [],
        };
    }

    private static IEnumerable<Symptom> OfInstance(Patient patient, string name, int pid)
    {
        var reading = patient.PidFile;
        if (reading.State == PidFileState.Valid && reading.Pid == pid)
        {
            return [];
        }

        // A daemon that writes its own file has not come that far yet.
        if (patient.Located.Record is { VerifiedAt: null, Launcher: { } launcher } && patient.Parts.Processes.IsAlive(launcher))
        {
            return [];
        }

        var (id, what) = reading.State == PidFileState.Valid
            ? ("pid-file-mismatch", $"names PID {reading.Pid}")
            : ($"pid-file-{reading.StateName}", $"is {reading.StateName}");
        return [Symptom(patient, id, FindingSeverity.Warning, $"{name} {what}; the daemon is PID {pid}", $"write PID {pid} into it", () => Repair(patient))];
    }

    private static IEnumerable<Symptom> OfNobody(Patient patient, string name)
    {
        switch (patient.PidFile.State)
        {
            case PidFileState.Missing:
                return [];

            case PidFileState.Symlink:
                return [Symptom(patient, "pid-file-symlink", FindingSeverity.Warning, $"{name} is a symbolic link, which no daemon makes", "remove the link (not what it points to)", () => Clean(patient))];

            case PidFileState.Empty or PidFileState.Malformed:
                return [Symptom(
                    patient, $"pid-file-{patient.PidFile.StateName}", FindingSeverity.Warning,
                    $"{name} {(patient.PidFile.State == PidFileState.Empty ? "is empty" : "holds no PID")}, and no daemon of ours is there", "remove it", () => Clean(patient))];

            default:
                return [OfValid(patient, name, patient.PidFile.Pid)];
        }
    }

    private static Symptom OfValid(Patient patient, string name, int pid)
    {
        var lookup = patient.Parts.Processes.Lookup(pid);
        if (lookup.Presence == ProcessPresence.Dead)
        {
            return Symptom(patient, "pid-file-stale", FindingSeverity.Warning, $"{name} names PID {pid}, which is gone", "remove it", () => Clean(patient));
        }

        if (lookup.Presence == ProcessPresence.CannotInspect)
        {
            return Symptom(
                patient, "pid-file-unprovable", FindingSeverity.Error, $"{name} names PID {pid}, which this user may not inspect", "run as the owner of that process");
        }

        var executable = patient.Parts.Processes.Describe(pid)?.Executable ?? "unknown";
        return patient.Parts.Listeners.FindOwners(patient.Port, [pid]).Any(l => l.Pids.Contains(pid))
            ? Symptom(
                patient, "pid-file-foreign", FindingSeverity.Error,
                $"{name} names PID {pid} ({executable}), which serves the port but holds no lock and has no record: it was not started by us",
                "stop it by its own means, then 'monitor start'")
            : Symptom(
                patient, "pid-file-reused", FindingSeverity.Warning,
                $"{name} names PID {pid} ({executable}), a process of others that neither holds the lock nor serves the port",
                "remove the file (the process is left alone)", () => Clean(patient));
    }

    // What a start does under the same lock.
    private static string Clean(Patient patient) => patient.UnderLock(() =>
    {
        var notes = new List<string>();
        try
        {
            patient.Parts.Stale.Clean(patient.Files, notes);
        }
        catch (StartupFailedException e)
        {
            throw new NoLongerSafeException(e.Message);
        }

        return notes.Count > 0 ? string.Join("; ", notes) : $"{Path.GetFileName(patient.Files.PidFile)} was gone already";
    });

    // The identity is proved again, and the write is atomic.
    private static string Repair(Patient patient)
    {
        var attachment = new Attachment(patient.Parts);
        var instance = attachment.Attach(patient.Spec) ?? throw new NoLongerSafeException("the daemon ended in between");
        return attachment.RepairFiles(patient.Spec, instance) ?? throw new NoLongerSafeException("the daemon ended in between, or the file cannot be written");
    }

    private static Symptom Symptom(Patient patient, string id, FindingSeverity severity, string problem, string mend, Func<string>? action = null) =>
        new(patient.Find(id, severity, patient.Files.PidFile, problem, mend, action is not null), action);
}
