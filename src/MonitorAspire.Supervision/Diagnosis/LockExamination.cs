using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>The lock of a port: who holds it, and whether that is an instance.</summary>
internal static class LockExamination
{
    internal static IEnumerable<Symptom> Examine(Patient patient)
    {
        var path = patient.Files.LockFile;
        var name = Path.GetFileName(path);
        if (!OperatingSystem.IsWindows() && FileStatus.Of(path, follow: false) is { IsFile: false } status)
        {
            yield return new Symptom(patient.Find(
                "lock-not-a-file", FindingSeverity.Error, path,
                $"{name} is {(status.IsLink ? "a symbolic link" : status.IsDirectory ? "a directory" : "not a regular file")}: no daemon can be started on port {patient.Port}",
                "move it away"));
            yield break;
        }

        var holders = patient.Located.Holders.Count > 0 ? $"PID {string.Join(", ", patient.Located.Holders)}" : "a process that this user may not see";
        switch (patient.Located)
        {
            case { Kind: LocatedKind.Leaked, Identity: { } dead }:
                yield return new Symptom(patient.Find(
                    "lock-leaked", FindingSeverity.Error, path,
                    $"the daemon (PID {dead.Pid}) is dead, but what it started lives and holds {name}: {holders}",
                    $"monitor stop --port {patient.Port}"));
                break;

            case { Kind: LocatedKind.Unprovable }:
                yield return new Symptom(patient.Find(
                    "lock-unprovable", FindingSeverity.Error, path,
                    $"{name} is held by {holders}, about which nothing can be proved",
                    "find out what that process is, and end it by its own means"));
                break;

            case { Kind: LocatedKind.Launching, Record: { } record }:
                yield return new Symptom(patient.Find(
                    "start-under-way", FindingSeverity.Info, path, $"PID {record.LauncherPid} is just starting this daemon", "none needed"));
                break;

            case { Kind: LocatedKind.Instance, Proof: "record", Identity: { } identity }:
                yield return new Symptom(patient.Find(
                    "lock-not-held", FindingSeverity.Info, path,
                    $"the daemon (PID {identity.Pid}) does not hold the lock (it closed it, or was not launched by us); its record proves who it is",
                    "none needed"));
                break;
        }
    }
}
