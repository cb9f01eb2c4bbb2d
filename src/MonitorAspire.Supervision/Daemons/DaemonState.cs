using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>The states of a daemon over time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DaemonState>))]
public enum DaemonState
{
    /// <summary>No instance, and none is wanted.</summary>
    Stopped,

    /// <summary>A verified start is under way. The snapshot's stage is the stage that it has reached.</summary>
    Starting,

    /// <summary>Verified, and the last probe passed.</summary>
    Running,

    /// <summary>The process lives, but the last probe failed. The snapshot's <c>probeFailures</c> counts the failed probes in a row.</summary>
    Unhealthy,

    /// <summary>The process tree is being stopped.</summary>
    Stopping,

    /// <summary>The last start failed. The next one is at the snapshot's <c>nextAttemptAt</c>.</summary>
    Backoff,

    /// <summary>Too many failures in a short time. It is restarted only after the longest delay, until it recovers or a person acts.</summary>
    CrashLooping,

    /// <summary>The definition is wrong, which no retry can fix, or the restart policy does not retry.</summary>
    Failed,

    /// <summary>Another process owns the port.</summary>
    Foreign,
}
