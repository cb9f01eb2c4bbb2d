using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>What a person is told about at once. Each fires once and is resolved once.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertKind>))]
public enum AlertKind
{
    /// <summary>Three starts in a row failed. Resolved by a verified start.</summary>
    [JsonStringEnumMemberName("start-failures")]
    StartFailures,

    /// <summary>Too many failures in too short a time. Resolved by a verified uptime that lasts.</summary>
    [JsonStringEnumMemberName("crash-loop")]
    CrashLoop,

    /// <summary>A daemon that was verified has not been healthy for ten seconds. Resolved when it is healthy again.</summary>
    [JsonStringEnumMemberName("health-lost")]
    HealthLost,

    /// <summary>
    /// The daemon cannot start as things are: what no retry can mend, or its port is somebody else's. Resolved by a verified start.
    /// </summary>
    [JsonStringEnumMemberName("cannot-start")]
    CannotStart,
}
