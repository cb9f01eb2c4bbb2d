using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>How two specifications of the same daemon differ.</summary>
internal enum SpecDifference
{
    /// <summary>They are equal.</summary>
    None,

    /// <summary>Only the supervisor uses what differs: the daemon need not be restarted.</summary>
    Update,

    /// <summary>What differs is fixed when the process is launched.</summary>
    Restart,
}

/// <summary>Compares specifications by value. The equality of records compares their lists by reference.</summary>
internal static class SpecComparison
{
    public static SpecDifference Compare(DaemonSpec old, DaemonSpec changed)
    {
        var sameProcess = old.Name == changed.Name
            && old.Host == changed.Host
            && old.Port == changed.Port
            && old.PortRangeEnd == changed.PortRangeEnd
            && old.Command == changed.Command
            && old.Arguments.SequenceEqual(changed.Arguments, StringComparer.Ordinal)
            && old.WorkingDirectory == changed.WorkingDirectory
            && old.EffectivePidFileWriter == changed.EffectivePidFileWriter
            && old.Launch == changed.Launch

            // The health check uses the path in the instance's record, and the record is written at the launch.
            && old.HealthPath == changed.HealthPath
            && SameEnvironment(old.Environment, changed.Environment);
        return !sameProcess ? SpecDifference.Restart
            : old.Restart == changed.Restart ? SpecDifference.None
            : SpecDifference.Update;
    }

    private static bool SameEnvironment(IReadOnlyDictionary<string, string?> old, IReadOnlyDictionary<string, string?> changed) =>
        old.Count == changed.Count && old.All(e => changed.TryGetValue(e.Key, out var value) && value == e.Value);
}
