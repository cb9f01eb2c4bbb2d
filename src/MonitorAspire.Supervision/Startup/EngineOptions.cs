namespace MonitorAspire.Supervision.Startup;

/// <summary>Options of an engine, for all its daemons.</summary>
public sealed record EngineOptions
{
    /// <summary>Absolute path of the state directory, from <see cref="Files.StateDirectory.Resolve"/>.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Executable of the built-in monitor daemon. Default: <c>monitor-aspire-daemon</c> beside the running program.</summary>
    public string? BuiltInDaemonPath { get; init; }

    /// <summary>Variables for the environment of every daemon, for example the OTLP endpoint. Default none.</summary>
    public IReadOnlyDictionary<string, string?> DaemonEnvironment { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// The name of the fleet, the same in every run of its supervisor. A record has it, so that the next supervisor knows the daemons that its
    /// configuration does not name any more. Default none.
    /// </summary>
    public string? Fleet { get; init; }

    /// <summary>
    /// Id of the launcher of the attached daemons, which is part of their instance ids (<see cref="Identity.InstanceRecord.NewInstanceId"/>). An
    /// instance with another id, or a built-in daemon without an id, has another launcher and is foreign. Default none: every launcher is
    /// accepted.
    /// </summary>
    public string? LaunchId { get; init; }
}
