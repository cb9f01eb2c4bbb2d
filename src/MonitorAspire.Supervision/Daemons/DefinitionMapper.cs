namespace MonitorAspire.Supervision.Daemons;

/// <summary>Turns definitions into specs and back. Nothing else does, so that a new property has to be added in one place only.</summary>
internal static class DefinitionMapper
{
    /// <summary>
    /// The spec of a definition. The fleet gives the values that the definition leaves out. It is not validated, see
    /// <see cref="FleetTopology.Problems"/>.
    /// </summary>
    public static DaemonSpec ToSpec(DaemonDefinition definition, MonitorsOptions? fleet = null)
    {
        fleet ??= new MonitorsOptions();
        return new DaemonSpec
        {
            Name = definition.Name ?? DaemonSpec.DefaultName(definition.Port),
            Service = definition.Service,
            Host = definition.Host ?? fleet.Host,
            Port = definition.Port,
            PortRangeEnd = definition.PortRangeEnd,
            HealthPath = definition.HealthPath ?? DaemonSpec.DefaultHealthPath,
            Health = definition.Health ?? new HealthCheck(),
            Command = definition.Command,
            Arguments = [.. definition.Arguments],
            WorkingDirectory = definition.WorkingDirectory,
            Environment = new Dictionary<string, string?>(definition.Environment, StringComparer.Ordinal),
            EnvironmentFiles = [.. definition.EnvironmentFiles],
            User = definition.User,
            Group = definition.Group,
            Umask = definition.Umask,
            Limits = definition.Limits,
            MemoryLimitBytes = definition.MemoryLimitBytes,
            RestartOnChange = definition.RestartOnChange,
            PidFileWriter = definition.PidFileWriter,
            StopSignal = definition.StopSignal,
            StopMode = definition.StopMode,
            Launch = definition.Launch,
            DependsOn = [.. definition.DependsOn],
            OnDependencyRestart = definition.OnDependencyRestart,
            AutoStart = definition.AutoStart,
            Restart = definition.Restart ?? fleet.Restart,
            Rollback = definition.Rollback,
            Log = definition.Log ?? fleet.Log,
            SecretEnvironment = [.. definition.SecretEnvironment],
        };
    }

    /// <summary>The definition that gives this spec, whatever the defaults of the fleet are.</summary>
    public static DaemonDefinition ToDefinition(DaemonSpec spec) => new()
    {
        Name = spec.Name,
        Service = spec.Service,
        Host = spec.Host,
        Port = spec.Port,
        PortRangeEnd = spec.PortRangeEnd,
        HealthPath = spec.HealthPath,
        Health = spec.Health,
        Command = spec.Command,
        Arguments = [.. spec.Arguments],
        WorkingDirectory = spec.WorkingDirectory,
        Environment = new Dictionary<string, string?>(spec.Environment, StringComparer.Ordinal),
        EnvironmentFiles = [.. spec.EnvironmentFiles],
        User = spec.User,
        Group = spec.Group,
        Umask = spec.Umask,
        Limits = spec.Limits,
        MemoryLimitBytes = spec.MemoryLimitBytes,
        RestartOnChange = spec.RestartOnChange,
        PidFileWriter = spec.PidFileWriter,
        StopSignal = spec.StopSignal,
        StopMode = spec.StopMode,
        Launch = spec.Launch,
        DependsOn = [.. spec.DependsOn],
        OnDependencyRestart = spec.OnDependencyRestart,
        AutoStart = spec.AutoStart,
        Restart = spec.Restart,
        Rollback = spec.Rollback,
        Log = spec.Log,
        SecretEnvironment = [.. spec.SecretEnvironment],
    };
}
