using System.Globalization;

namespace MonitorAspire.Supervision.Probes;

internal enum HealthOutcome
{
    /// <summary>The expected answer in time, without a PID or port of another process.</summary>
    Healthy,

    /// <summary>No connection, or it was closed before the answer was complete.</summary>
    Unreachable,

    /// <summary>No complete answer in time.</summary>
    TimedOut,

    /// <summary>An answer that is not the expected one: another status, another body, another exit code.</summary>
    Status,

    /// <summary>The expected answer, but with the PID or port of another process, or over a connection that another process serves.</summary>
    IdentityMismatch,
}

internal sealed record HealthResult
{
    public required HealthOutcome Outcome { get; init; }

    /// <summary>What was asked and measured, for people.</summary>
    public required string Detail { get; init; }

    public bool Connected { get; init; }

    /// <summary>The processes at the other end; empty where they were not searched (<see cref="HealthRequest.LikelyPids"/>) or could not be seen.</summary>
    public IReadOnlyList<int> ServedBy { get; init; } = [];

    /// <summary>The HTTP status or the exit code, where there was one.</summary>
    public int? StatusCode { get; init; }

    public TimeSpan Latency { get; init; }

    /// <summary>The first lines of the body or the last lines of the output, bounded and without control characters; empty where there was none.</summary>
    public IReadOnlyList<string> Body { get; init; } = [];

    /// <summary>The address that a redirect names.</summary>
    public Uri? Redirect { get; init; }

    /// <summary>Whether the check could not be made because this process has no descriptor left. It says nothing about the daemon.</summary>
    public bool IsOwnTrouble { get; init; }

    public bool IsHealthy => Outcome == HealthOutcome.Healthy;

    /// <summary>What the reports show of it; <see langword="null"/> for a check that passed.</summary>
    public HealthCheckAnswer? ToAnswer() => IsHealthy ? null : new HealthCheckAnswer(StatusCode, Math.Round(Latency.TotalMilliseconds, 1), Body);
}

/// <summary>Measured times and quoted texts in the sentences about a health check.</summary>
internal static class HealthText
{
    internal static string Of(TimeSpan time) => time < TimeSpan.FromSeconds(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(time.TotalMilliseconds, 0):0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    /// <summary>The first line in quotation marks, with a colon before it; empty where there is none.</summary>
    internal static string Quoted(IReadOnlyList<string> lines) => lines.Count == 0 ? "" : $": '{lines[0]}'";
}
