using System.Net;

namespace MonitorAspire.Supervision.Probes;

/// <summary>How a health probe ended.</summary>
public enum HealthOutcome
{
    /// <summary>200 in time, and not with somebody else's PID or port.</summary>
    Healthy,

    /// <summary>No connection, or the exchange broke off.</summary>
    Unreachable,

    /// <summary>No complete answer in time.</summary>
    TimedOut,

    /// <summary>A status other than 200; a redirect is one.</summary>
    Status,

    /// <summary>200, but with the PID or the port of somebody else, or over a connection that somebody else serves.</summary>
    IdentityMismatch,
}

/// <summary>What one health probe saw.</summary>
public sealed record HealthResult
{
    /// <summary>How it ended.</summary>
    public required HealthOutcome Outcome { get; init; }

    /// <summary>For a person: what was seen and where.</summary>
    public required string Detail { get; init; }

    /// <summary>Whether a connection came about: for <see cref="HealthOutcome.TimedOut"/> the difference between nobody there and somebody silent.</summary>
    public bool Connected { get; init; }

    /// <summary>
    /// The processes that had the other end of this very connection open; empty where that was not asked for
    /// (<see cref="HealthRequest.LikelyPids"/>) or could not be seen.
    /// </summary>
    public IReadOnlyList<int> ServedBy { get; init; } = [];

    /// <summary>The HTTP status, where there was one.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Which address and port was asked last.</summary>
    public IPEndPoint? Target { get; init; }

    /// <summary>Time of the whole probe.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The beginning of the body, control characters replaced; empty where there was none.</summary>
    public string BodyExcerpt { get; init; } = "";

    /// <summary>Whether it ended well.</summary>
    public bool IsHealthy => Outcome == HealthOutcome.Healthy;
}
