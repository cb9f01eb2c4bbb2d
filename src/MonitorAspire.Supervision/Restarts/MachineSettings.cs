using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>What the state machine decides by, apart from state and event.</summary>
internal sealed record MachineSettings
{
    /// <summary>The restart policy.</summary>
    public RestartPolicy Restart { get; init; } = new();

    /// <summary>Failed probes in a row that mean unhealthy.</summary>
    public int ProbeFailures { get; init; } = 3;

    /// <summary>Failed starts in a row that raise an alert.</summary>
    public int StartFailures { get; init; } = 3;

    /// <summary>How long health may be lost before an alert.</summary>
    public TimeSpan HealthLostAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a daemon that is in nobody's power is looked at again: a foreign port, or an attached daemon that is gone.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// False for a daemon that somebody else launches and that nobody can be asked to start or stop: it is watched, and that is all.
    /// </summary>
    public bool CanAct { get; init; } = true;
}
