namespace MonitorAspire.Supervision.Probes;

internal enum HealthOutcome
{
    /// <summary>200 in time, without a PID or port of another process.</summary>
    Healthy,

    /// <summary>No connection, or it was closed before the answer was complete.</summary>
    Unreachable,

    /// <summary>No complete answer in time.</summary>
    TimedOut,

    /// <summary>A status other than 200, also a redirect.</summary>
    Status,

    /// <summary>200, but with the PID or port of another process, or over a connection that another process serves.</summary>
    IdentityMismatch,
}

internal sealed record HealthResult
{
    public required HealthOutcome Outcome { get; init; }

    /// <summary>What was seen and where, for people.</summary>
    public required string Detail { get; init; }

    public bool Connected { get; init; }

    /// <summary>The processes at the other end; empty where they were not searched (<see cref="HealthRequest.LikelyPids"/>) or could not be seen.</summary>
    public IReadOnlyList<int> ServedBy { get; init; } = [];

    /// <summary>The HTTP status, where there was one.</summary>
    public int? StatusCode { get; init; }

    public TimeSpan Latency { get; init; }

    /// <summary>The beginning of the body, control characters replaced; empty where there was none.</summary>
    public string BodyExcerpt { get; init; } = "";

    /// <summary>Whether the check could not be made because this process has no descriptor left. It says nothing about the daemon.</summary>
    public bool IsOwnTrouble { get; init; }

    public bool IsHealthy => Outcome == HealthOutcome.Healthy;
}
