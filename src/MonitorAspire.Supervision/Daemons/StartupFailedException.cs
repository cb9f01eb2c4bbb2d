namespace MonitorAspire.Supervision.Daemons;

/// <summary>Ends a start with a reason. The engine catches it and makes a report of it.</summary>
internal sealed class StartupFailedException(StartupReason reason, string detail) : Exception(detail)
{
    internal StartupReason Reason { get; } = reason;

    internal PortOwner? Owner { get; init; }

    internal int? ExitCode { get; init; }

    internal int? Signal { get; init; }

    /// <summary>Last lines of output, if they are not in our log file.</summary>
    internal IReadOnlyList<string>? LogTail { get; init; }

    /// <summary>Whether another process holds the lock, which may change soon.</summary>
    internal bool IsHeld { get; init; }

    /// <summary>The last answer of the health check, if that failed.</summary>
    internal HealthCheckAnswer? HealthAnswer { get; init; }

    /// <summary>PID of the existing instance, for <see cref="StartupReason.AlreadyRunning"/>.</summary>
    internal int? ExistingPid { get; init; }
}
