using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Something that happened to a daemon. All who show state read this one stream.</summary>
public sealed record FleetEvent
{
    /// <summary>Counts up by one with every event of a supervisor, from 1; the id of the server-sent event.</summary>
    public required long Id { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What.</summary>
    public required FleetEventKind Kind { get; init; }

    /// <summary>The daemon as it was right after the event.</summary>
    public required DaemonSnapshot Daemon { get; init; }

    /// <summary>The report, for <see cref="FleetEventKind.StartVerified"/>, <see cref="FleetEventKind.StartFailed"/> and <see cref="FleetEventKind.Adopted"/>.</summary>
    public StartupReport? Report { get; init; }

    /// <summary>One sentence for a person.</summary>
    public string? Message { get; init; }

    /// <summary>The alert, for <see cref="FleetEventKind.AlertFired"/> and <see cref="FleetEventKind.AlertResolved"/>.</summary>
    public FleetAlert? Alert { get; init; }
}

/// <summary>The kinds of events.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FleetEventKind>))]
public enum FleetEventKind
{
    /// <summary>The daemon's state or stage changed.</summary>
    [JsonStringEnumMemberName("state-changed")]
    StateChanged,

    /// <summary>A start was verified.</summary>
    [JsonStringEnumMemberName("start-verified")]
    StartVerified,

    /// <summary>A start failed.</summary>
    [JsonStringEnumMemberName("start-failed")]
    StartFailed,

    /// <summary>A living instance of an earlier supervisor was taken over.</summary>
    [JsonStringEnumMemberName("adopted")]
    Adopted,

    /// <summary>A running instance ended, and nobody had asked for it.</summary>
    [JsonStringEnumMemberName("exited")]
    Exited,

    /// <summary>A file was repaired, a stale one removed, a legacy one migrated.</summary>
    [JsonStringEnumMemberName("repaired")]
    Repaired,

    /// <summary>An alert began.</summary>
    [JsonStringEnumMemberName("alert-fired")]
    AlertFired,

    /// <summary>An alert ended.</summary>
    [JsonStringEnumMemberName("alert-resolved")]
    AlertResolved,

    /// <summary>The daemon came into the fleet with a new configuration.</summary>
    [JsonStringEnumMemberName("added")]
    Added,

    /// <summary>The daemon left the fleet with a new configuration. It is the last event about it.</summary>
    [JsonStringEnumMemberName("removed")]
    Removed,
}
