namespace MonitorAspire.Supervision.Startup;

/// <summary>Exit codes of the <c>monitor</c> command. 0 always means that the daemon serves, or that the command was successful.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Any other failure.</summary>
    public const int Failure = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;

    public const int PortInUse = 4;

    /// <summary>Not verified in time.</summary>
    public const int NotVerified = 5;

    public const int ExitedPrematurely = 6;

    public const int PermissionDenied = 7;

    /// <summary>A foreign process has the port or the PID file.</summary>
    public const int Foreign = 8;

    public static int For(StartupReason reason) => reason switch
    {
        StartupReason.AlreadyRunning => Success,
        StartupReason.PortInUse => PortInUse,
        StartupReason.PermissionDenied => PermissionDenied,
        StartupReason.InvalidConfiguration or StartupReason.CommandNotFound => Usage,
        StartupReason.ExitedPrematurely => ExitedPrematurely,
        StartupReason.PortOwnedByOther or StartupReason.PidMismatch => Foreign,
        StartupReason.Cancelled or StartupReason.MemoryLimit => Failure,
        _ => NotVerified,
    };

    /// <summary>The exit code for a report: 0 only where the daemon serves.</summary>
    public static int For(StartupReport report) =>
        report.Serves ? Success : report.Reason switch
        {
            null => Failure,
            StartupReason.AlreadyRunning => NotVerified,
            { } reason => For(reason),
        };
}

/// <summary>Exit codes of the built-in daemon, from <c>sysexits.h</c>. It exits with 0 only after it has served and was stopped.</summary>
internal static class DaemonExitCodes
{
    /// <summary>EX_UNAVAILABLE: cannot bind.</summary>
    public const int CannotBind = 69;

    /// <summary>EX_TEMPFAIL: the lock is held.</summary>
    public const int LockHeld = 75;

    /// <summary>EX_NOPERM: no permission.</summary>
    public const int NoPermission = 77;

    /// <summary>EX_CONFIG: bad configuration.</summary>
    public const int BadConfiguration = 78;
}
