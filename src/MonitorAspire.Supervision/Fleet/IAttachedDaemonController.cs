namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Whoever launches the attached daemons (Aspire's orchestrator, for one), as the supervisor sees it. The supervisor decides when
/// something is started or stopped, verifies what comes of it, and never signals an attached daemon itself; a restart is a stop, a
/// wait and a start.
/// </summary>
public interface IAttachedDaemonController
{
    /// <summary>A daemon was launched although the supervisor had not asked for it: a person did, with the launcher's own means.</summary>
    event Action<string>? LaunchedUnasked;

    /// <summary>
    /// Asks for a start. Returns when the request was taken; the supervisor then waits for the instance and verifies it. The current
    /// activity is the start's own, so that the launch can join its trace.
    /// </summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The request was refused; the message says why.</exception>
    Task RequestStartAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>Asks for a stop. Returns when the request was taken; the supervisor then waits for the instance to end.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The request was refused; the message says why.</exception>
    Task RequestStopAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>
    /// Waits until the launcher has launched the daemon. The first launch is its own affair and may have to wait for other things, so
    /// there is no time limit while the launcher says that it waits.
    /// </summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LaunchFailedException">It could not be launched, or ended at once; the message says why.</exception>
    Task<AttachedLaunch> WaitForLaunchAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>What the launcher knows of the end of the instance that it launched last. Answers within seconds; a launcher that cannot be asked knows nothing.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<AttachedExit> ExplainEndAsync(string daemon, CancellationToken cancellationToken);
}

/// <summary>A launch of an attached daemon.</summary>
/// <param name="Pid">PID of the process that was launched, where the launcher knows it. The daemon may be a descendant of it.</param>
/// <param name="TraceParent">W3C trace context of the launch, which the daemon was given too; <see langword="null"/> without tracing.</param>
public sealed record AttachedLaunch(int? Pid, string? TraceParent);

/// <summary>What a launcher knows of the end of an instance.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="ExitCode">Its exit code, which only its parent can know.</param>
/// <param name="LogTail">Last lines that it wrote, where the launcher has them.</param>
public sealed record AttachedExit(AttachedEnd End, int? ExitCode, IReadOnlyList<string> LogTail)
{
    /// <summary>Nothing is known.</summary>
    public static AttachedExit Unknown { get; } = new(AttachedEnd.ByItself, null, []);
}

/// <summary>Why an attached instance ended, as its launcher sees it.</summary>
public enum AttachedEnd
{
    /// <summary>It ended by itself, or nobody knows better: a failure.</summary>
    ByItself,

    /// <summary>The launcher stopped it because a person asked it to: it stays stopped.</summary>
    StoppedOnPurpose,

    /// <summary>The launcher stopped it and has launched another one: that one is verified.</summary>
    Replaced,
}
