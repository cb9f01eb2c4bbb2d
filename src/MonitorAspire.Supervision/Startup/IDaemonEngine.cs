using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Starts, stops and inspects one daemon at a time. It has no state of its own: everything is in the state directory and in the kernel.</summary>
public interface IDaemonEngine
{
    /// <summary>
    /// Carries out one verified start. Everything that goes wrong with the daemon is in the report and not an exception. After cancellation
    /// the started process is stopped, and the report has the reason <c>cancelled</c>.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">Time limits and other options.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken);

    /// <summary>Stops the whole process tree of the instance that is provably ours, and proves that port and lock are free.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">Grace period.</param>
    /// <param name="cancellationToken">Ends the grace period: all members that are left are killed at once.</param>
    Task<StopReport> StopAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken);

    /// <summary>Inspects PID file, lock, record, port owner and health of one daemon. Changes nothing.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">Options of the inspection.</param>
    /// <param name="cancellationToken">Cancels the inspection.</param>
    Task<DaemonInspection> InspectAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Checks all that a start needs and that can be known while an instance of the daemon runs: definition, command, working directory,
    /// permissions, log, space and port. Changes and stops nothing.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="freed">Ports of other daemons that are stopped before this one is started.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <returns>The report of the start that would fail, or <see langword="null"/> where nothing is wrong.</returns>
    Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken) => Task.FromResult<StartupReport?>(null);

    /// <summary>
    /// Takes over a living instance that this engine did not start: proves its identity and returns a handle that tells its exit, or
    /// <see langword="null"/> where no instance can be proved. Starts and signals nothing.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    DaemonInstance? Attach(DaemonSpec spec);

    /// <summary>Writes PID file and record of a proven living instance again, where they are lost or name another process.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="instance">The proven instance.</param>
    /// <returns>What was done, or <see langword="null"/>.</returns>
    string? RepairFiles(DaemonSpec spec, DaemonInstance instance);

    /// <summary>
    /// Makes a process that another launcher started the instance of a daemon: writes its PID file and its record, which prove it from then
    /// on. Nothing is written where another instance is proved or the port's lock is held.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="pid">The process that was launched.</param>
    /// <param name="restarts">Automatic restarts before it.</param>
    /// <returns>The instance, or <see langword="null"/> where the process has ended or nothing could be written.</returns>
    DaemonInstance? Register(DaemonSpec spec, int pid, int restarts) => Attach(spec);

    /// <summary>
    /// Adds the verification and the number of restarts to the record of an attached instance, which may have written it itself. The next
    /// supervisor continues with this number.
    /// </summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="instance">The verified instance.</param>
    /// <param name="restarts">Automatic restarts before it.</param>
    /// <returns>The instance, with its restarts.</returns>
    DaemonInstance Confirm(DaemonSpec spec, DaemonInstance instance, int restarts) => instance;

    /// <summary>Removes the PID file and the record of an attached instance that has ended, where they still name it.</summary>
    /// <param name="instance">The instance. Nothing is removed while it lives.</param>
    void Forget(DaemonInstance instance)
    {
    }

    /// <summary>Rotates the log of a living daemon if it is larger than its <see cref="LogPolicy.PartBytes"/>. May be called often.</summary>
    /// <param name="spec">The daemon.</param>
    /// <returns>What was done, or <see langword="null"/>.</returns>
    string? RotateLog(DaemonSpec spec) => null;
}

/// <summary>Result of a start.</summary>
/// <param name="Report">The report.</param>
/// <param name="Instance">
/// The living instance when the report's <see cref="StartupReport.Serves"/> is true, otherwise <see langword="null"/>. The daemon goes on when
/// the instance is not used any more.
/// </param>
public sealed record StartOutcome(StartupReport Report, DaemonInstance? Instance);
