using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>The states of a daemon over time.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DaemonState>))]
public enum DaemonState
{
    /// <summary>No instance, and none is wanted.</summary>
    Stopped,

    /// <summary>A verified start is under way; the snapshot's stage says how far it is.</summary>
    Starting,

    /// <summary>Verified, and the last probe passed.</summary>
    Running,

    /// <summary>The process lives, but the last probe failed. The snapshot's <c>probeFailures</c> counts the failed probes in a row.</summary>
    Unhealthy,

    /// <summary>The process tree is being stopped.</summary>
    Stopping,

    /// <summary>The last try failed; the next one comes at the snapshot's <c>nextAttemptAt</c>.</summary>
    Backoff,

    /// <summary>Too many failures in too short a time: tries come only at the longest delay until it recovers or a person acts.</summary>
    CrashLooping,

    /// <summary>What no retry can mend (bad configuration, missing command, no permission), or what the restart policy does not retry.</summary>
    Failed,

    /// <summary>The port is somebody else's.</summary>
    Foreign,
}
