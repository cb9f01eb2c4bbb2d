using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>The checks that every probe of a running daemon makes, in the order in which they are shown.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<CheckName>))]
public enum CheckName
{
    /// <summary>The PID file names the instance.</summary>
    PidFile,

    /// <summary>A listening socket on host and port belongs to the instance.</summary>
    Port,

    /// <summary>The health check passes, see <see cref="HealthCheck"/>.</summary>
    Health,
}
