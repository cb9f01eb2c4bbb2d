using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>How one stop is carried out.</summary>
public sealed record StopOptions
{
    /// <summary>Time between SIGTERM and SIGKILL. Default 10 seconds.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the kernel to end what was killed. Default 5 seconds.</summary>
    public TimeSpan KillTimeout { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>How a stop ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StopVerdict>))]
public enum StopVerdict
{
    /// <summary>The tree is gone, and port and lock are free.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped,

    /// <summary>There was no instance.</summary>
    [JsonStringEnumMemberName("not-running")]
    NotRunning,

    /// <summary>The port or the PID file belongs to a process that is not provably ours. Nothing was signalled.</summary>
    [JsonStringEnumMemberName("foreign")]
    Foreign,

    /// <summary>This user may not signal the instance or change its files.</summary>
    [JsonStringEnumMemberName("permission-denied")]
    PermissionDenied,

    /// <summary>Something of the tree, the port or the lock was still there after SIGKILL.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>What one stop did.</summary>
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

    /// <summary>For a person: what was done, or who is in the way.</summary>
    public string? Detail { get; init; }

    /// <summary>Who has the port, for <see cref="StopVerdict.Foreign"/>.</summary>
    public PortOwner? Owner { get; init; }

    /// <summary>Time from the call to the verdict, in milliseconds.</summary>
    public double TotalMs { get; init; }
}
