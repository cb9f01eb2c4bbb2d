namespace MonitorAspire.Supervision.Fleet;

/// <summary>A daemon as all who show state see it: REST, events, dashboard and command line print exactly this.</summary>
public sealed record DaemonSnapshot
{
    /// <summary>Unique name in the fleet.</summary>
    public required string Name { get; init; }

    /// <summary>Host that the daemon listens on.</summary>
    public required string Host { get; init; }

    /// <summary>Port that the daemon listens on.</summary>
    public required int Port { get; init; }

    /// <summary>PID of the living instance, or <see langword="null"/>.</summary>
    public int? Pid { get; init; }

    /// <summary>The daemon's state.</summary>
    public required DaemonState State { get; init; }

    /// <summary>The stage of a start that is under way, or the one in which the last start failed.</summary>
    public StartupStage? Stage { get; init; }

    /// <summary>Whether it is started with the fleet.</summary>
    public bool AutoStart { get; init; } = true;

    /// <summary>The names of the daemons that it depends on.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>The names of the daemons that it waits for, in the state <see cref="DaemonState.Waiting"/>; otherwise empty.</summary>
    public IReadOnlyList<string> WaitingFor { get; init; } = [];

    /// <summary>How often the daemon was restarted without a person asking for it. Kept over a supervisor crash.</summary>
    public int Restarts { get; init; }

    /// <summary>Failures since the last verified start that lasted.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>
    /// Failed probes in a row. With the first one the state is <see cref="DaemonState.Unhealthy"/>; with three (the default) the daemon is
    /// restarted.
    /// </summary>
    public int ProbeFailures { get; init; }

    /// <summary>The alerts that have fired and are not resolved.</summary>
    public IReadOnlyList<AlertKind> Alerts { get; init; } = [];

    /// <summary>When the living instance was started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the living instance passed its last stage.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>When the next try comes, in the states Backoff, CrashLooping and Foreign.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>True when this supervisor did not start the living instance but found and verified it.</summary>
    public bool Adopted { get; init; }

    /// <summary>Durations of the last verified start.</summary>
    public StartupTimings? Startup { get; init; }

    /// <summary>The last failure, kept after a recovery so that it can be explained.</summary>
    public DaemonFailure? LastFailure { get; init; }

    /// <summary>The daemon's log file.</summary>
    public string? LogFile { get; init; }

    /// <summary>The daemon's PID file.</summary>
    public string? PidFile { get; init; }

    /// <summary>Base URL of the daemon.</summary>
    public string? Url { get; init; }

    /// <summary>Trace of the last start.</summary>
    public string? TraceId { get; init; }

    /// <summary>The latest result of each of the three checks. A verified start counts as all three of them.</summary>
    public IReadOnlyList<CheckResult> Checks { get; init; } = [];
}

/// <summary>One of the three checks of a running daemon.</summary>
/// <param name="Name">Which one.</param>
/// <param name="Healthy">Whether it passed; <see langword="null"/> where there is no instance, or where the platform cannot tell.</param>
/// <param name="Detail">What was seen.</param>
/// <param name="At">When.</param>
public sealed record CheckResult(CheckName Name, bool? Healthy, string? Detail, DateTimeOffset? At)
{
    /// <summary>What a health check that failed got as its answer; otherwise <see langword="null"/>.</summary>
    public HealthCheckAnswer? Answer { get; init; }
}

/// <summary>Durations of a start.</summary>
/// <param name="TotalMs">From the call to the verdict, in milliseconds.</param>
/// <param name="Stages">Each stage.</param>
public sealed record StartupTimings(double TotalMs, IReadOnlyList<StageTiming> Stages);

/// <summary>Why a daemon failed.</summary>
public sealed record DaemonFailure
{
    /// <summary>The reason, out of the closed set.</summary>
    public required StartupReason Reason { get; init; }

    /// <summary>The stage that failed; <see langword="null"/> for a failure after a verified start.</summary>
    public StartupStage? Stage { get; init; }

    /// <summary>What was seen, for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>Exit code, where the process ended by itself.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Signal number, where a signal ended it.</summary>
    public int? Signal { get; init; }

    /// <summary>What the health check got as its answer, where that made it fail.</summary>
    public HealthCheckAnswer? HealthAnswer { get; init; }

    /// <summary>Last lines of the daemon's output.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];

    /// <summary>When it was seen.</summary>
    public DateTimeOffset At { get; init; }
}
