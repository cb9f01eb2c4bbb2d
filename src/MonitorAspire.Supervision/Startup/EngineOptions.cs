namespace MonitorAspire.Supervision.Startup;

/// <summary>What all starts of one engine have in common.</summary>
public sealed record EngineOptions
{
    /// <summary>Absolute path of the state directory, as <see cref="Files.StateDirectory.Resolve"/> gives it.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>
    /// Executable of the built-in monitor daemon. Default: <c>monitor-aspire-daemon</c> beside the running program.
    /// </summary>
    public string? BuiltInDaemonPath { get; init; }

    /// <summary>Variables added to the environment of every daemon (OTLP endpoint and headers, for one). Default none.</summary>
    public IReadOnlyDictionary<string, string?> DaemonEnvironment { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// Id of the one launcher of the attached daemons, which is part of the instance ids that it gives
    /// (<see cref="Identity.InstanceRecord.NewInstanceId"/>). An instance with another id, or a built-in daemon with none, was launched by somebody else
    /// and is foreign. Default none: whoever launched it, it counts.
    /// </summary>
    public string? LaunchId { get; init; }

    /// <summary>Size at which a daemon's log is rotated, in bytes. Default 10 MiB.</summary>
    public long LogRotateBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>How many rotated logs are kept beside the current one. Default 3.</summary>
    public int LogFilesKept { get; init; } = 3;

    /// <summary>How many lines of the log a failure report carries. Default 20.</summary>
    public int LogTailLines { get; init; } = 20;
}
