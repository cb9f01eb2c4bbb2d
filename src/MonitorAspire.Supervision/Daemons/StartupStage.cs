using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>One step of a verified start. The stages run in this order and all of them speak of the same process.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StartupStage>))]
public enum StartupStage
{
    /// <summary>Lock taken, stale and legacy files dealt with, port free.</summary>
    [JsonStringEnumMemberName("preflight")]
    Preflight,

    /// <summary>The process was executed in a session of its own.</summary>
    [JsonStringEnumMemberName("spawn")]
    Spawn,

    /// <summary>The PID file of the port holds the PID of the process.</summary>
    [JsonStringEnumMemberName("pid_file")]
    PidFile,

    /// <summary>A listening socket on the host and port belongs to the process or a descendant of it.</summary>
    [JsonStringEnumMemberName("port_bound")]
    PortBound,

    /// <summary>The health path answered 200, and whoever answered is the process.</summary>
    [JsonStringEnumMemberName("health")]
    Health,
}
