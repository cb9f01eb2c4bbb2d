using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>The instance record of a port.</summary>
internal static class RecordExamination
{
    internal static IEnumerable<Symptom> Examine(Patient patient)
    {
        var path = patient.Files.InstanceFile;
        var name = Path.GetFileName(path);
        if (!OperatingSystem.IsWindows() && FileStatus.Of(path, follow: false) is { IsFile: false })
        {
            yield return new Symptom(patient.Find(
                "record-not-a-file", FindingSeverity.Error, path, $"{name} is a directory, a link or something else that is no file", "move it away"));
            yield break;
        }

        if (Problem(patient, name) is not var (id, severity, problem))
        {
            yield break;
        }

        // Only with nobody there does the record speak of nobody.
        yield return patient.IsAbandoned
            ? new Symptom(patient.Find(id, severity, path, problem, "remove it", safe: true), () => Remove(patient))
            : new Symptom(patient.Find(id, severity, path, problem, $"monitor restart --port {patient.Port} writes a new one"));
    }

    private static (string Id, FindingSeverity Severity, string Problem)? Problem(Patient patient, string name)
    {
        var record = patient.Located.Record;
        if (record is null)
        {
            return File.Exists(patient.Files.InstanceFile)
                ? ("record-unreadable", FindingSeverity.Warning, $"{name} cannot be read as an instance record")
                : patient.Located.Kind == LocatedKind.Instance
                    ? ("record-missing", FindingSeverity.Warning, $"the daemon (PID {patient.Located.Identity!.Value.Pid}) has no record any more: its command, health path and restart count are not known")
                    : null;
        }

        if (record.Port != patient.Port)
        {
            return ("record-wrong-port", FindingSeverity.Warning, $"{name} speaks of port {record.Port}");
        }

        if (!patient.IsAbandoned)
        {
            return null;
        }

        return record.Identity is not { } identity
            ? ("record-abandoned", FindingSeverity.Warning, $"{name} speaks of a start by PID {record.LauncherPid} that never came to a process")
            : identity.BootId != patient.Parts.Processes.BootId
                ? ("record-other-boot", FindingSeverity.Warning, $"{name} speaks of PID {identity.Pid} before the machine was last started")
                : ("record-dead", FindingSeverity.Warning, $"{name} speaks of PID {identity.Pid}, which is gone");
    }

    private static string Remove(Patient patient) => patient.UnderLock(() =>
    {
        var now = InstanceRecord.Read(patient.Files.InstanceFile);
        if (now?.Identity is { } identity && now.Port == patient.Port && !patient.Parts.Processes.IsGone(identity))
        {
            throw new NoLongerSafeException($"PID {identity.Pid} may live");
        }

        File.Delete(patient.Files.InstanceFile);
        return $"removed {Path.GetFileName(patient.Files.InstanceFile)}";
    });
}
