using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>The settings of the state machine.</summary>
internal sealed record MachineSettings
{
    public RestartPolicy Restart { get; init; } = new();

    /// <summary>Failed probes in a row that restart the daemon. Default 3.</summary>
    public int ProbeFailures { get; init; } = 3;

    /// <summary>Time between two regular probes. Default 1 second.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long health may be lost before an alert. Default 10 seconds.</summary>
    public TimeSpan HealthLostAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two looks at a foreign port, or at a watched daemon that is gone. Default 1 second.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether the daemon can be started and stopped. Otherwise it is only watched. Default true.</summary>
    public bool CanAct { get; init; } = true;
}
