using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks whether the daemon of a port serves, and whether another process uses the port.</summary>
internal static class ServiceCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        if (port.Inspection is not { } seen)
        {
            return [port.Finding(
                "host-unknown", FindingSeverity.Error, port.Files.InstanceFile,
                $"the host '{port.Spec.Host}' in the record stands for no address",
                $"monitor restart --port {port.Number} --host HOST")];
        }

        // A lock file alone only shows that there was a daemon once. Then another process may use the port.
        var isClaimed = port.IsWanted || port.PidFile.State != PidFileState.Missing || port.Located.Record is not null;
        return seen.Verdict switch
        {
            InspectionVerdict.Unhealthy when port.Located.Kind == LocatedKind.Instance => [port.Finding(
                "unhealthy", FindingSeverity.Error, seen.LogFile,
                $"the daemon (PID {seen.Pid}) lives but does not serve: {seen.Detail}",
                $"monitor logs --port {port.Number}, then monitor restart --port {port.Number}")],

            InspectionVerdict.Foreign => [port.Finding(
                "port-foreign", isClaimed ? FindingSeverity.Error : FindingSeverity.Info, null,
                $"port {port.Number} is served by {seen.Listeners[0]}, which is not ours",
                isClaimed ? "stop that process by its own means, or start the daemon on another port" : "none needed unless a daemon is wanted there")],

            _ => [],
        };
    }
}
