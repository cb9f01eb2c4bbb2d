using System.Collections.Immutable;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>What comes after a stop.</summary>
internal enum AfterStop
{
    /// <summary>The daemon stays stopped.</summary>
    Stay,

    /// <summary>A start at once: a person asked for it.</summary>
    Start,

    /// <summary>A start when the restart policy allows it.</summary>
    Recover,

    /// <summary>A start at once that counts as a restart: a daemon that this one depends on was restarted.</summary>
    Restart,
}

/// <summary>
/// All that the state machine knows of a daemon. Times are counted from the start of the supervisor on the monotonic clock, so that
/// a change of the wall clock restarts nothing.
/// </summary>
internal sealed record MachineState
{
    /// <summary>Nothing runs and nothing is to run.</summary>
    public static MachineState Initial { get; } = new();

    public DaemonState State { get; init; } = DaemonState.Stopped;

    /// <summary>Whether the daemon is to run. Only requests change it.</summary>
    public bool Wanted { get; init; }

    /// <summary>The stage of the start that is under way, or the one in which the last start failed.</summary>
    public StartupStage? Stage { get; init; }

    /// <summary>The daemons that it waits for, in the state <see cref="DaemonState.Waiting"/>.</summary>
    public ImmutableArray<string> WaitingFor { get; init; } = [];

    /// <summary>Whether the start that waits is a restart.</summary>
    public bool IsRestartWaiting { get; init; }

    public long LastOperation { get; init; }

    /// <summary>The start, stop or look that is under way. There is never more than one.</summary>
    public long? Operation { get; init; }

    public long? Instance { get; init; }

    /// <summary>What comes after the stop that is under way.</summary>
    public AfterStop After { get; init; }

    public TimeSpan RecoverDelay { get; init; }

    public int Restarts { get; init; }

    public int ConsecutiveFailures { get; init; }

    public int FailedStarts { get; init; }

    /// <summary>When the failures happened that count for the crash loop.</summary>
    public ImmutableArray<TimeSpan> RecentFailures { get; init; } = [];

    /// <summary>Whether it is in a crash loop, also while one of its starts is under way or has not lasted long enough.</summary>
    public bool CrashLoop { get; init; }

    /// <summary>Whether the next start replaces an instance of ours that holds the lock and does not serve, or processes that one left behind.</summary>
    public bool ForceNext { get; init; }

    /// <summary>When the next try or look comes.</summary>
    public TimeSpan? NextAttemptAt { get; init; }

    /// <summary>Since when the instance has been verified and healthy.</summary>
    public TimeSpan? VerifiedSince { get; init; }

    public int ProbeFailures { get; init; }

    public TimeSpan ProbeFailureAt { get; init; }

    /// <summary>How many looks in a row have found the memory above its limit, and when the last one was.</summary>
    public int MemoryExcesses { get; init; }

    public TimeSpan MemoryExcessAt { get; init; }

    /// <summary>Whether the last probe found that the instance has no listening socket any more.</summary>
    public bool IsSocketLost { get; init; }

    /// <summary>Since when a daemon that was verified has not been healthy.</summary>
    public TimeSpan? HealthLostSince { get; init; }

    public ImmutableSortedSet<AlertKind> Alerts { get; init; } = [];
}
