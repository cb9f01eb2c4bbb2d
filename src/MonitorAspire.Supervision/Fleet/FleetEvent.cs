using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Something that happened to a daemon. Everything that shows daemons reads these events.</summary>
public sealed record FleetEvent
{
    /// <summary>Counts up by one with every event of a supervisor, from 1; the id of the server-sent event.</summary>
    public required long Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What happened.</summary>
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
[JsonConverter(typeof(KebabCaseEnumConverter<FleetEventKind>))]
public enum FleetEventKind
{
    /// <summary>The daemon's state or stage changed. The message is the reason, where there is one.</summary>
    StateChanged,

    /// <summary>A start was verified.</summary>
    StartVerified,

    /// <summary>A start failed.</summary>
    StartFailed,

    /// <summary>A living instance of an earlier supervisor was adopted.</summary>
    Adopted,

    /// <summary>A running instance ended without a request.</summary>
    Exited,

    /// <summary>A PID file or an instance record was written again.</summary>
    Repaired,

    /// <summary>An alert began.</summary>
    AlertFired,

    /// <summary>An alert ended.</summary>
    AlertResolved,

    /// <summary>A new configuration added the daemon.</summary>
    Added,

    /// <summary>A new configuration removed the daemon. This is the last event about it.</summary>
    Removed,
}
