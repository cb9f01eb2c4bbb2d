namespace MonitorAspire.Supervision.Probes;

/// <summary>One health check over the network: HTTP, HTTPS or a TCP connection.</summary>
internal sealed record HealthRequest
{
    /// <summary>Host as in the specification; for a wildcard the loopback is asked.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Path, with a query if need be. Default <c>/health</c>.</summary>
    public string Path { get; init; } = "/health";

    /// <summary>Kind and what the answer must be. Default: HTTP, status 200.</summary>
    public HealthCheck Check { get; init; } = new();

    /// <summary>Whether a process that serves the connection belongs to the instance.</summary>
    public required Func<int, bool> IsExpectedPid { get; init; }

    /// <summary>
    /// Whether a PID that the body names belongs to the instance. A daemon in a container names itself by the PID in its own PID namespace. Default:
    /// as <see cref="IsExpectedPid"/>.
    /// </summary>
    public Func<int, bool>? IsNamedPid { get; init; }

    /// <summary>Time limit of the whole exchange. Default 2 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Whether another process listens on the port too, on another address or with SO_REUSEPORT. Then some of the connections are its own,
    /// and the probe asks several times until the instance answers. Default false.
    /// </summary>
    public bool IsContested { get; init; }

    /// <summary>
    /// Whether one more connection may be made after a failure, to find out what the server speaks. A start that checks every few
    /// milliseconds asks for it seldom. Default true.
    /// </summary>
    public bool Explains { get; init; } = true;

    /// <summary>
    /// Processes that probably serve the connection. If set, the probe also finds the process at the other end of its connection, so that a
    /// process that shares the port (SO_REUSEPORT) cannot answer instead of the instance. These PIDs are searched first, all others only
    /// where none of them has the connection. Default <see langword="null"/>: it is not searched.
    /// </summary>
    public IReadOnlyCollection<int>? LikelyPids { get; init; }

    internal bool Accepts(int status) => Check.Statuses.Count == 0 ? status == 200 : Check.Statuses.Contains(status);
}
