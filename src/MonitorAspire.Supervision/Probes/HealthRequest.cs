namespace MonitorAspire.Supervision.Probes;

/// <summary>One question after a daemon's health.</summary>
public sealed record HealthRequest
{
    /// <summary>Host as in the specification; a wildcard is asked on the loopback.</summary>
    public required string Host { get; init; }

    /// <summary>The port.</summary>
    public required int Port { get; init; }

    /// <summary>Path, with a query if need be. Default <c>/health</c>.</summary>
    public string Path { get; init; } = "/health";

    /// <summary>Whether a PID belongs to the instance: one that the body names, or one that serves the connection.</summary>
    public required Func<int, bool> IsExpectedPid { get; init; }

    /// <summary>Time limit of the whole exchange. Default 2 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Processes that should serve the connection. With it the probe also looks whose socket is at the other end of its own very
    /// connection, so that nobody who shares the port (SO_REUSEPORT) can answer in the instance's place; these are looked at first,
    /// and all the others only where none of them has it. Default <see langword="null"/>: it does not look.
    /// </summary>
    public IReadOnlyCollection<int>? LikelyPids { get; init; }
}
