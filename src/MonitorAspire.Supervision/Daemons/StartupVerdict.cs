using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>How a start ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StartupVerdict>))]
public enum StartupVerdict
{
    /// <summary>A new instance passed all stages.</summary>
    [JsonStringEnumMemberName("verified")]
    Verified,

    /// <summary>One of our instances runs already and is verified: it owns its port and is healthy. Nothing was started.</summary>
    [JsonStringEnumMemberName("already-running")]
    AlreadyRunning,

    /// <summary>No instance serves as the result of this start.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
