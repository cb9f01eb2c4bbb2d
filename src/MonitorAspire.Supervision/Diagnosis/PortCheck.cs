using System.Net;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks whether connections of an earlier server keep a port from being used.</summary>
internal static class PortCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        // A server that listens does not need the port to be free. Connections of a server with SO_REUSEADDR are not in the way of the next one.
        if (port.Inspection is not { Listeners.Count: 0 } || port.Located.Kind == LocatedKind.Instance
            || new PortAvailability(port.Parts.Listeners).Lingering([IPAddress.Any], port.Number) is not { TimeWaits: > 0 } lingering)
        {
            return [];
        }

        return [port.Finding("port-time-wait", FindingSeverity.Info, null, lingering.ToString(), "none needed; a start waits for it within its time limit")];
    }
}
