namespace MonitorAspire.Supervision.Daemons;

/// <summary>How running daemons are probed. It has setters because it is bound from configuration, and is not changed after that.</summary>
public sealed record ProbePolicy
{
    /// <summary>Time between two probes of a daemon. 50 ms to 1 h. Default 1 second.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time limit of a probe. 10 ms to 5 min. Default 2 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Failed probes in a row that restart a daemon. The first one makes it unhealthy. Failures that follow each other within half a probe
    /// interval count as one. 1 to 1000. Default 3.
    /// </summary>
    public int Failures { get; set; } = 3;

    /// <summary>How long health may be lost before an alert fires. 0 to 1 day. Default 10 seconds.</summary>
    public TimeSpan HealthLostAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The policy of a daemon with limits of its own.</summary>
    internal ProbePolicy With(CheckLimits? limits) => this with
    {
        Interval = limits?.Interval ?? Interval,
        Timeout = limits?.Timeout ?? Timeout,
        Failures = limits?.Failures ?? Failures,
    };

    /// <summary>The first error, starting with the key, or <see langword="null"/>.</summary>
    public string? Validate() =>
        PolicyRange.Outside(nameof(Interval), Interval, TimeSpan.FromMilliseconds(50), TimeSpan.FromHours(1))
        ?? PolicyRange.Outside(nameof(Timeout), Timeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5))
        ?? PolicyRange.Outside(nameof(Failures), Failures, 1, 1000)
        ?? PolicyRange.Outside(nameof(HealthLostAfter), HealthLostAfter, TimeSpan.Zero, TimeSpan.FromDays(1));
}
