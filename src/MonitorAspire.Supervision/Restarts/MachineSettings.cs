namespace MonitorAspire.Supervision.Restarts;

/// <summary>The settings of the state machine.</summary>
internal sealed record MachineSettings
{
    public RestartPolicy Restart { get; init; } = new();

    public ProbePolicy Probe { get; init; } = new();

    /// <summary>Time between two looks at a foreign port, or at a watched daemon that is gone. Default 1 second.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The daemons that this one has to wait for before it can be started now. Default none.</summary>
    public IReadOnlyList<string> WaitingFor { get; init; } = [];

    /// <summary>Resident memory in bytes above which the daemon is restarted. Default none.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Whether the daemon can be started and stopped. Otherwise it is only watched. Default true.</summary>
    public bool CanAct { get; init; } = true;
}
