using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>One step of a verified start. The stages run in this order, and all of them check the same process.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StartupStage>))]
public enum StartupStage
{
    /// <summary>The lock is taken, stale and legacy files are handled, the port is free.</summary>
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

    /// <summary>The health path answered 200, and the process itself answered.</summary>
    [JsonStringEnumMemberName("health")]
    Health,
}
