using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>What this machine lets us prove.</summary>
internal static class PlatformExamination
{
    internal static IEnumerable<Symptom> Examine(EngineParts parts)
    {
        if (!parts.Listeners.CanProveOwnership)
        {
            yield return new Symptom(new Finding
            {
                Id = "ownership-unprovable",
                Severity = FindingSeverity.Info,
                Problem = "this platform does not tell which process a listening socket belongs to: verified starts report the port's owner as unverified",
                Mend = "none needed; PID file, lock and health are still checked",
            });
        }
    }
}
