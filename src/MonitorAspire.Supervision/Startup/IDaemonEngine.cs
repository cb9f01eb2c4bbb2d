using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// The engine that the supervisor and the command line share: it starts, stops and inspects one daemon at a time and keeps
/// no state between calls but what is in the state directory and in the kernel.
/// </summary>
public interface IDaemonEngine
{
    /// <summary>
    /// Carries out one verified start. Everything that can go wrong with the daemon comes back as a report, not as an
    /// exception; cancellation comes back as a report with the reason <c>cancelled</c>, after what was started was stopped.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">Time limit and the like.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken);

    /// <summary>Stops the instance that is provably ours, its whole tree, and proves that port and lock are free.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">Grace period.</param>
    /// <param name="cancellationToken">Stops waiting gracefully: what is left of the tree is killed at once.</param>
    Task<StopReport> StopAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken);

    /// <summary>Looks, and changes nothing: PID file, lock, record, port owner and health of one daemon.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">What to look at.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    Task<DaemonInspection> InspectAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Takes over a living instance that this engine did not start: proves its identity and returns a handle that sees its
    /// exit, or <see langword="null"/> where nothing provable is there. Starts and signals nothing.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    DaemonInstance? Attach(DaemonSpec spec);

    /// <summary>Writes what says who a proven living instance is again: a lost or foreign PID file, and a lost record.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="instance">The proven instance.</param>
    /// <returns>What was done, or <see langword="null"/>.</returns>
    string? RepairFiles(DaemonSpec spec, DaemonInstance instance);

    /// <summary>
    /// Makes a process that somebody else launched the instance of a daemon that knows nothing of the contract: writes its PID file and
    /// its record, as the launcher of the contract does, so that it can be proved from then on. Where another instance is proved, or
    /// the port's lock is held, nothing is written.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="pid">The process that was launched.</param>
    /// <param name="restarts">Restarts before it that no person asked for.</param>
    /// <returns>The instance, or <see langword="null"/> where the process is gone or something is in the way.</returns>
    DaemonInstance? Register(DaemonSpec spec, int pid, int restarts) => Attach(spec);

    /// <summary>
    /// Notes in the record of an attached instance, which may have written it itself, that it was verified and how many restarts there
    /// were: the next supervisor goes on from there.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="instance">The verified instance.</param>
    /// <param name="restarts">Restarts before it that no person asked for.</param>
    /// <returns>The instance, with its restarts.</returns>
    DaemonInstance Confirm(DaemonSpec spec, DaemonInstance instance, int restarts) => instance;

    /// <summary>Removes the PID file and the record of an attached instance that has ended, where they still name it.</summary>
    /// <param name="instance">The instance; one that lives is left alone.</param>
    void Forget(DaemonInstance instance)
    {
    }

    /// <summary>
    /// Rotates the log of a living daemon where it has grown beyond <see cref="EngineOptions.LogRotateBytes"/>. Cheap to ask
    /// often. Without effect on an engine that keeps no logs.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <returns>What was done, or <see langword="null"/>.</returns>
    string? RotateLog(DaemonSpec spec) => null;
}

/// <summary>What a start gave.</summary>
/// <param name="Report">The report.</param>
/// <param name="Instance">
/// The living instance when the report's <see cref="StartupReport.Serves"/> is true, otherwise <see langword="null"/>. It
/// sees the exit; to let go of it does not stop the daemon.
/// </param>
public sealed record StartOutcome(StartupReport Report, DaemonInstance? Instance);
