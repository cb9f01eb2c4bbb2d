namespace MonitorAspire.Supervision.Startup;

/// <summary>Options of one start.</summary>
public sealed record StartOptions
{
    /// <summary>Time limit of all stages together. Default 30 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether an instance of ours that is already there is replaced. A foreign process is never touched. Default false.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Whether processes that outlived the main process of a dead instance are stopped first. Default false: the start names them, and fails where they
    /// are in its way. An instance that is replaced (<see cref="Force"/>) takes them along in any case.
    /// </summary>
    public bool StopOrphans { get; init; }

    /// <summary>
    /// What is stored as the definition of the port once the checks have passed, for a later restart from the command line. Default none: then
    /// a stored definition is removed, because the port has another daemon now.
    /// </summary>
    public DaemonSpec? Definition { get; init; }

    /// <summary>
    /// The daemon that is started again when an instance was replaced and the new one fails its start. Default none: then nothing serves.
    /// </summary>
    public DaemonSpec? Rollback { get; init; }

    /// <summary>Number of this try, counted from 1. It is part of the report, the trace and the metrics. Default 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>How often this daemon was restarted before. It is stored in the instance record. Default 0.</summary>
    public int RestartCount { get; init; }

    /// <summary>Time between SIGTERM and SIGKILL when a failed start is cleaned up or an instance is replaced. Default 10 seconds.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Called when a stage begins, with the PID where there is one. It runs on the engine's thread, so it must be short. Default none.</summary>
    public Action<StartupStage, int?>? StageEntered { get; init; }
}
