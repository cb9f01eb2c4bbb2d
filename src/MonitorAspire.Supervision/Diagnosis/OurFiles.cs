namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Which names in a state directory are ours.</summary>
internal static class OurFiles
{
    internal static bool IsOurs(string fileName) =>
        fileName.StartsWith("monitor-daemon", StringComparison.Ordinal) || fileName.StartsWith("supervisor.", StringComparison.Ordinal);

    internal static bool IsSecret(string fileName) => fileName.StartsWith("supervisor.token", StringComparison.Ordinal);
}
