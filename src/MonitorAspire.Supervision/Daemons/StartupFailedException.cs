namespace MonitorAspire.Supervision.Daemons;

/// <summary>Ends a start from wherever it is; never leaves the engine.</summary>
internal sealed class StartupFailedException(StartupReason reason, string detail) : Exception(detail)
{
    internal StartupReason Reason { get; } = reason;

    internal PortOwner? Owner { get; init; }

    internal int? ExitCode { get; init; }

    internal int? Signal { get; init; }

    /// <summary>Last lines of output that are in no log file of ours.</summary>
    internal IReadOnlyList<string>? LogTail { get; init; }

    /// <summary>PID of the instance that is there already, for <see cref="StartupReason.AlreadyRunning"/>.</summary>
    internal int? ExistingPid { get; init; }
}
