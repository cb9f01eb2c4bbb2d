using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>How two specifications of the same daemon differ.</summary>
internal enum SpecDifference
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Only in what the supervisor itself goes by.</summary>
    Update,

    /// <summary>In something that a process has for life.</summary>
    Restart,
}

/// <summary>Compares specifications by what is in them; the lists of a record compare as objects only.</summary>
internal static class SpecComparison
{
    public static SpecDifference Compare(DaemonSpec old, DaemonSpec changed)
    {
        var sameLife = old.Name == changed.Name
            && old.Host == changed.Host
            && old.Port == changed.Port
            && old.PortRangeEnd == changed.PortRangeEnd
            && old.Command == changed.Command
            && old.Arguments.SequenceEqual(changed.Arguments, StringComparer.Ordinal)
            && old.WorkingDirectory == changed.WorkingDirectory
            && old.EffectivePidFileWriter == changed.EffectivePidFileWriter
            && old.Launch == changed.Launch

            // The path is in the instance's record, and that is what health is asked by, also by others than this supervisor.
            && old.HealthPath == changed.HealthPath
            && SameEnvironment(old.Environment, changed.Environment);
        return !sameLife ? SpecDifference.Restart
            : old.Restart == changed.Restart ? SpecDifference.None
            : SpecDifference.Update;
    }

    private static bool SameEnvironment(IReadOnlyDictionary<string, string?> old, IReadOnlyDictionary<string, string?> changed) =>
        old.Count == changed.Count && old.All(e => changed.TryGetValue(e.Key, out var value) && value == e.Value);
}
