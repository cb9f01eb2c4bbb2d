using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>The checks that every probe of a running daemon makes, in the order in which they are shown.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CheckName>))]
public enum CheckName
{
    /// <summary>The PID file names the instance.</summary>
    [JsonStringEnumMemberName("pid-file")]
    PidFile,

    /// <summary>A listening socket on host and port belongs to the instance.</summary>
    [JsonStringEnumMemberName("port")]
    Port,

    /// <summary>The health check passes.</summary>
    [JsonStringEnumMemberName("health")]
    Health,
}
