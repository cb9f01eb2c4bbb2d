namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// The launcher of the attached daemons, such as Aspire's orchestrator. The supervisor decides when a daemon is started or stopped,
/// verifies the result, and never signals an attached daemon itself. A restart is a stop, a wait and a start.
/// </summary>
public interface IAttachedDaemonController
{
    /// <summary>A daemon was launched without a request of the supervisor: a person did it with the launcher's own means.</summary>
    event Action<string>? LaunchedUnasked;

    /// <summary>A daemon was launched on a request that the supervisor had given up: the launcher was slow, or a person has asked for a stop meanwhile.</summary>
    event Action<string>? LaunchedLate;

    /// <summary>
    /// A daemon is about to be stopped without a request of the supervisor: a person asked the launcher for it. It may close its port long before it
    /// ends, and that is no failure.
    /// </summary>
    event Action<string>? StoppingUnasked;

    /// <summary>
    /// Asks for a start. Returns when the request was accepted; the supervisor then waits for the instance and verifies it. The current
    /// activity is that of the start, so that the launch can join its trace.
    /// </summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The request was refused; the message says why.</exception>
    Task RequestStartAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>Asks for a stop. Returns when the request was accepted; the supervisor then waits for the instance to end.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The request was refused; the message says why.</exception>
    Task RequestStopAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until the launcher has launched the daemon. The first launch may have to wait for other resources, so there is no time limit
    /// while the launcher says that it waits.
    /// </summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LaunchFailedException">It could not be launched, or ended at once; the message says why.</exception>
    Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>The launch that the launcher has reported last. It may have come after the supervisor had given up its request.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <returns>The launch, or <see langword="null"/> where none is known.</returns>
    AttachedLaunch? FindLaunch(string daemon);

    /// <summary>Waits until the process that the launcher launched last has ended, and returns why. There is no time limit.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<AttachedExit> WaitForEndAsync(string daemon, CancellationToken cancellationToken);
}

/// <summary>A launch of an attached daemon.</summary>
/// <param name="Pid">PID of the process that was launched, where the launcher knows it. The daemon may be a descendant of it.</param>
/// <param name="TraceParent">W3C trace context of the launch, which the daemon was given too; <see langword="null"/> without tracing.</param>
public sealed record AttachedLaunch(int? Pid, string? TraceParent)
{
    /// <summary>When the launcher began with it; <see langword="null"/> where that is not known.</summary>
    public DateTimeOffset? BeganAt { get; init; }

    /// <summary>When the launcher had checked the port; <see langword="null"/> where that is not known.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>When the process ran; <see langword="null"/> where that is not known.</summary>
    public DateTimeOffset? RunsAt { get; init; }

    /// <summary>Whether the launcher has reported since that the process is stopping or has ended, or the supervisor has asked for the next launch.</summary>
    public bool HasEnded { get; init; }
}

/// <summary>What a launcher knows about the end of an instance.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="ExitCode">Its exit code, which only its parent process knows.</param>
/// <param name="LogTail">Last lines that it wrote, where the launcher has them and not a log file.</param>
public sealed record AttachedExit(AttachedEnd End, int? ExitCode, IReadOnlyList<string> LogTail)
{
    /// <summary>Nothing is known.</summary>
    public static AttachedExit Unknown { get; } = new(AttachedEnd.ByItself, null, []);
}

/// <summary>Why an attached instance ended, according to its launcher.</summary>
public enum AttachedEnd
{
    /// <summary>It ended by itself, or nothing is known: a failure.</summary>
    ByItself,

    /// <summary>The launcher stopped it because a person asked it to: it stays stopped.</summary>
    StoppedOnPurpose,

    /// <summary>The launcher stopped it and has launched another one: that one is verified.</summary>
    Replaced,
}

/// <summary>A launcher could not launch an attached daemon.</summary>
/// <param name="message">The reason, for a person.</param>
public sealed class LaunchFailedException(string message) : InvalidOperationException(message)
{
    /// <summary>Exit code of a process that ended right after its launch.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Last lines that the process wrote.</summary>
    public IReadOnlyList<string> LogTail { get; init; } = [];

    /// <summary>Whether a person has stopped the daemon with the launcher's own means, so that it was not to be launched.</summary>
    public bool IsStoppedOnPurpose { get; init; }
}
