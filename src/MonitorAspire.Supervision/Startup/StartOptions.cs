using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Startup;

/// <summary>How one start is carried out; what is started is the <see cref="Daemons.DaemonSpec"/>'s to say.</summary>
public sealed record StartOptions
{
    /// <summary>Time for all stages together. Default 30 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Replace an instance of ours that is already there. A foreign process is never touched. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>Which try this is, counted from 1. It goes into the report, the trace and the metrics. Default 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How often this daemon was restarted before, to be kept in the instance record. Default 0.</summary>
    public int RestartCount { get; init; }

    /// <summary>Time between SIGTERM and SIGKILL when a start that failed is cleaned up or replaced. Default 10 seconds.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Called as each stage is entered, on the engine's thread: keep it short. Default none.</summary>
    public Action<StartupStage, int?>? StageEntered { get; init; }
}
