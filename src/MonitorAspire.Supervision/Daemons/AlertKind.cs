using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>The kinds of alerts. An alert fires once and is resolved once.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<AlertKind>))]
public enum AlertKind
{
    /// <summary>Three starts in a row failed. Resolved by a verified start.</summary>
    StartFailures,

    /// <summary>Too many failures in too short a time. Resolved by a verified uptime that lasts.</summary>
    CrashLoop,

    /// <summary>A daemon that was verified has not been healthy for ten seconds. Resolved when it is healthy again.</summary>
    HealthLost,

    /// <summary>The daemon cannot start now: its definition is wrong, the machine prevents the start, or another process owns its port. Resolved by a verified start.</summary>
    CannotStart,

    /// <summary>Another process listens on the port of a verified daemon too. The daemon runs on. Resolved when the other process does not listen any more.</summary>
    Contested,
}
