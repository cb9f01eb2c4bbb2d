namespace MonitorAspire.Supervision.Daemons;

/// <summary>Ends a start with a reason. The engine catches it and makes a report of it.</summary>
internal sealed class StartupFailedException(StartupReason reason, string detail) : Exception(detail)
{
    internal StartupReason Reason { get; } = reason;

    /// <summary>See <see cref="StartupReport.IsPassing"/>.</summary>
    internal bool IsPassing { get; init; }

    /// <summary>How long the port that is in the way stays in TIME_WAIT; zero where that is not known. Null where no port lingers.</summary>
    internal TimeSpan? Lingers { get; init; }

    internal PortOwner? Owner { get; init; }

    internal int? ExitCode { get; init; }

    internal int? Signal { get; init; }

    /// <summary>Last lines of output, if they are not in our log file.</summary>
    internal IReadOnlyList<string>? LogTail { get; init; }

    /// <summary>Whether another process holds the lock, which may change soon.</summary>
    internal bool IsHeld { get; init; }

    /// <summary>Whether processes of a dead instance are in the way, which can be stopped.</summary>
    internal bool AreOrphans { get; init; }

    /// <summary>The last answer of the health check, if that failed.</summary>
    internal HealthCheckAnswer? HealthAnswer { get; init; }

    /// <summary>PID of the existing instance, for <see cref="StartupReason.AlreadyRunning"/>.</summary>
    internal int? ExistingPid { get; init; }

    /// <summary>The same failure with another message, and with another existing instance if one is given.</summary>
    internal StartupFailedException With(string message, int? existingPid = null) => Copy(message, LogTail, HealthAnswer, existingPid ?? ExistingPid);

    /// <summary>The same failure without the values of secrets, which the daemon may have printed.</summary>
    internal StartupFailedException Without(Secrets secrets) => Copy(
        secrets.HideIn(Message),
        LogTail is null ? null : secrets.HideIn(LogTail),
        HealthAnswer is { } answer ? answer with { Body = secrets.HideIn(answer.Body) } : null,
        ExistingPid);

    // The one place that names what a copy keeps.
    private StartupFailedException Copy(string message, IReadOnlyList<string>? logTail, HealthCheckAnswer? healthAnswer, int? existingPid) => new(Reason, message)
    {
        IsPassing = IsPassing,
        Lingers = Lingers,
        IsHeld = IsHeld,
        AreOrphans = AreOrphans,
        Owner = Owner,
        ExitCode = ExitCode,
        Signal = Signal,
        LogTail = logTail,
        HealthAnswer = healthAnswer,
        ExistingPid = existingPid,
    };
}
