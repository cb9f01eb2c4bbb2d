using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>An alert that begins or ends.</summary>
public sealed record FleetAlert
{
    /// <summary>Its kind.</summary>
    public required AlertKind Kind { get; init; }

    /// <summary>Whether it begins or ends.</summary>
    public required AlertState State { get; init; }

    /// <summary>Name of the daemon.</summary>
    public required string Daemon { get; init; }

    /// <summary>One sentence for a person.</summary>
    public required string Message { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset FiredAt { get; init; }

    /// <summary>When it ended, or <see langword="null"/>.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }
}

/// <summary>Whether an alert begins or ends.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<AlertState>))]
public enum AlertState
{
    /// <summary>It begins.</summary>
    Fired,

    /// <summary>It ends.</summary>
    Resolved,
}
