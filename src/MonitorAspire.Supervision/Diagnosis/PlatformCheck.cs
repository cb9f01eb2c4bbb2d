using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Checks what this platform can prove.</summary>
internal static class PlatformCheck
{
    internal static IEnumerable<FixableFinding> Examine(EngineParts parts)
    {
        if (!parts.Listeners.CanProveOwnership)
        {
            yield return new FixableFinding(new Finding
            {
                Id = "ownership-unprovable",
                Severity = FindingSeverity.Info,
                Problem = "this platform does not tell which process a listening socket belongs to: verified starts report the port's owner as unverified",
                Fix = "none needed; PID file, lock and health are still checked",
            });
        }
    }
}
