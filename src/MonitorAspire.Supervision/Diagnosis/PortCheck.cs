using System.Globalization;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks whether connections of an earlier server keep a port from being used.</summary>
internal static class PortCheck
{
    internal static IEnumerable<FixableFinding> Examine(ExaminedPort port)
    {
        // A server that listens does not need the port to be free.
        if (port.Inspection is not { Listeners.Count: 0 } || port.Located.Kind == LocatedKind.Instance
            || port.Parts.Listeners.FindTimeWait(port.Number) is not { Count: > 0 } waiting)
        {
            return [];
        }

        return [port.Finding(
            "port-time-wait", FindingSeverity.Info, null,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{waiting.Count} closed connections of port {port.Number} are in TIME_WAIT, the last of them for {Math.Max(1, waiting.Longest.TotalSeconds):0} s more: until then a server without SO_REUSEADDR cannot listen"),
            "none needed; a start waits for it within its time limit, and a server that sets SO_REUSEADDR need not wait")];
    }
}
