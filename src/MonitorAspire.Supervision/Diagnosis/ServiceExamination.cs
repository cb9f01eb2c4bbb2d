using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Whether the daemon of a port serves, and whether somebody else does.</summary>
internal static class ServiceExamination
{
    internal static IEnumerable<Symptom> Examine(Patient patient)
    {
        if (patient.Inspection is not { } seen)
        {
            yield return new Symptom(patient.Find(
                "host-unknown", FindingSeverity.Error, patient.Files.InstanceFile,
                $"the host '{patient.Spec.Host}' in the record stands for no address",
                $"monitor restart --port {patient.Port} --host HOST"));
            yield break;
        }

        switch (seen.Verdict)
        {
            case InspectionVerdict.Unhealthy when patient.Located.Kind == LocatedKind.Instance:
                yield return new Symptom(patient.Find(
                    "unhealthy", FindingSeverity.Error, seen.LogFile,
                    $"the daemon (PID {seen.Pid}) lives but does not serve: {seen.Detail}",
                    $"monitor logs --port {patient.Port}, then monitor restart --port {patient.Port}"));
                break;

            case InspectionVerdict.Foreign:
                // A lock file alone says only that there was a daemon once; the port is anybody's now.
                var claimed = patient.IsWanted || patient.PidFile.State != PidFileState.Missing || patient.Located.Record is not null;
                yield return new Symptom(patient.Find(
                    "port-foreign", claimed ? FindingSeverity.Error : FindingSeverity.Info, null,
                    $"port {patient.Port} is served by {seen.Listeners[0]}, which is not ours",
                    claimed ? "stop that process by its own means, or start the daemon on another port" : "none needed unless a daemon is wanted there"));
                break;
        }
    }
}
