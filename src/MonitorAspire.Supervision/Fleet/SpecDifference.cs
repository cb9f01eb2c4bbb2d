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
        // Everything that is not named here is fixed when the process is launched, also what the health check asks: the instance's record has it.
        var comparable = changed with
        {
            Arguments = old.Arguments,
            Environment = old.Environment,
            EnvironmentFiles = old.EnvironmentFiles,
            MemoryLimitBytes = old.MemoryLimitBytes,
            RestartOnChange = old.RestartOnChange,
            PidFileWriter = old.PidFileWriter,
            Restart = old.Restart,
            Rollback = old.Rollback,
            Service = old.Service,
            Log = old.Log,
            SecretEnvironment = old.SecretEnvironment,
            Health = old.Health,
            DependsOn = old.DependsOn,
            OnDependencyRestart = old.OnDependencyRestart,
            AutoStart = old.AutoStart,
        };
        var sameProcess = comparable == old
            && old.Arguments.SequenceEqual(changed.Arguments, StringComparer.Ordinal)
            && old.EffectivePidFileWriter == changed.EffectivePidFileWriter
            && old.EnvironmentFiles.SequenceEqual(changed.EnvironmentFiles, StringComparer.Ordinal)
            && SameEnvironment(old.Environment, changed.Environment)
            && HealthCheckRules.AsksTheSame(old.Health, changed.Health);
        return !sameProcess ? SpecDifference.Restart
            : old.Restart == changed.Restart && old.Rollback == changed.Rollback && old.Service == changed.Service && old.Log == changed.Log && HealthCheckRules.IsEqual(old.Health, changed.Health)
                && old.DependsOn.SequenceEqual(changed.DependsOn) && old.OnDependencyRestart == changed.OnDependencyRestart && old.AutoStart == changed.AutoStart
                && old.MemoryLimitBytes == changed.MemoryLimitBytes && SameFiles(old.RestartOnChange, changed.RestartOnChange)
                && old.SecretEnvironment.SequenceEqual(changed.SecretEnvironment, StringComparer.Ordinal) ? SpecDifference.None
            : SpecDifference.Update;
    }

    private static bool SameFiles(RestartOnChange? old, RestartOnChange? changed) =>
        old?.Delay == changed?.Delay && (old?.Paths ?? []).SequenceEqual(changed?.Paths ?? [], StringComparer.Ordinal);

    private static bool SameEnvironment(IReadOnlyDictionary<string, string?> old, IReadOnlyDictionary<string, string?> changed) =>
        old.Count == changed.Count && old.All(e => changed.TryGetValue(e.Key, out var value) && value == e.Value);
}
