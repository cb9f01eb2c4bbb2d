namespace MonitorAspire.Supervision.Fleet;

/// <summary>What a launcher tells the supervisor about one attached daemon, whenever it changes.</summary>
public sealed record LauncherReport
{
    /// <summary>What the launcher's process is doing.</summary>
    public required LauncherState State { get; init; }

    /// <summary>PID of the process that was launched, or that has ended.</summary>
    public int? Pid { get; init; }

    /// <summary>Exit code of a process that has ended.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Whether the launcher was asked to stop it, rather than that it ended by itself.</summary>
    public bool OnPurpose { get; init; }

    /// <summary>W3C trace context that the process was given; <see langword="null"/> without tracing.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Why it could not be launched, for a person.</summary>
    public string? Detail { get; init; }

    /// <summary>Last lines that the process wrote, where the launcher and not a log file has them.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];
}

/// <summary>What a launcher's process is doing.</summary>
public enum LauncherState
{
    /// <summary>Not launched yet: it waits for something, or for a person.</summary>
    Waiting,

    /// <summary>Launched.</summary>
    Running,

    /// <summary>Being stopped.</summary>
    Stopping,

    /// <summary>Ended.</summary>
    Ended,

    /// <summary>Could not be launched.</summary>
    Failed,
}

/// <summary>What the supervisor asks a launcher to do.</summary>
/// <param name="Id">Number of the request, by which it is answered.</param>
/// <param name="Daemon">The daemon's name.</param>
/// <param name="Action">What to do.</param>
/// <param name="TraceParent">W3C trace context that a launch belongs to; <see langword="null"/> without tracing.</param>
public sealed record LauncherRequest(long Id, string Daemon, LauncherAction Action, string? TraceParent);

/// <summary>What a launcher can be asked to do.</summary>
public enum LauncherAction
{
    /// <summary>Launch it.</summary>
    Start,

    /// <summary>Stop it.</summary>
    Stop,
}

/// <summary>What came of a <see cref="LauncherRequest"/>.</summary>
/// <param name="Error">Why it was refused; <see langword="null"/> when it was carried out.</param>
public sealed record LauncherAnswer(string? Error);
