namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Tells which files in a state directory are ours, by their names.</summary>
internal static class OurFiles
{
    internal static bool IsSecret(string fileName) => fileName.StartsWith("supervisor.token", StringComparison.Ordinal);
}
