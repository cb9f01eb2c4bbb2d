using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>How a stop ended.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<StopVerdict>))]
public enum StopVerdict
{
    /// <summary>No process of the tree is left, and the lock is free; the port as well, where the report says so.</summary>
    Stopped,

    /// <summary>There was no instance.</summary>
    NotRunning,

    /// <summary>The port or the PID file belongs to a process that is not provably ours. Nothing was signalled.</summary>
    Foreign,

    /// <summary>This user has no permission to signal the instance or to change its files.</summary>
    PermissionDenied,

    /// <summary>After SIGKILL a process is left, or the port or the lock is not free.</summary>
    Failed,
}

/// <summary>The result of a stop.</summary>
public sealed record StopReport
{
    /// <summary>The daemon's name.</summary>
    public required string Name { get; init; }

    /// <summary>The daemon's port.</summary>
    public required int Port { get; init; }

    /// <summary>How it ended.</summary>
    public required StopVerdict Verdict { get; init; }

    /// <summary>PID of the instance that was stopped.</summary>
    public int? Pid { get; init; }

    /// <summary>Whether SIGKILL was needed.</summary>
    public bool Killed { get; init; }

    /// <summary>How many processes of the tree were signalled.</summary>
    public int ProcessesSignalled { get; init; }

    /// <summary>Whether the port can be bound again after the stop. If not, the detail names what has it.</summary>
    public bool IsPortFree { get; init; } = true;

    /// <summary>For a person: what was done, or which process prevents it.</summary>
    public string? Detail { get; init; }

    /// <summary>Owner of the port, for <see cref="StopVerdict.Foreign"/>.</summary>
    public PortOwner? Owner { get; init; }

    /// <summary>Time from the call to the verdict, in milliseconds.</summary>
    public double TotalMs { get; init; }
}
