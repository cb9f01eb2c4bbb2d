using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Diagnosis;

/// <summary>Tells which files in a state directory are ours, by their names.</summary>
internal static class OurFiles
{
    internal static bool IsSecret(string fileName) => fileName.StartsWith(SupervisorFiles.Prefix, StringComparison.Ordinal) && fileName.Contains(".token", StringComparison.Ordinal);
}
