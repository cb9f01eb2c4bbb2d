namespace MonitorAspire.Supervision.Fleet;

/// <summary>The daemons of one supervisor.</summary>
public interface IFleet
{
    /// <summary>The daemons as they are now, in the order of the configuration.</summary>
    IReadOnlyList<DaemonSnapshot> Daemons { get; }

    /// <summary>One daemon, or <see langword="null"/> where the fleet has none of that name (upper and lower case are the same).</summary>
    /// <param name="name">The daemon's name.</param>
    DaemonSnapshot? Find(string name);

    /// <summary>Starts a daemon now, without waiting for its back-off, after the daemons that it depends on, which are started too; and waits for the report.</summary>
    /// <param name="name">The daemon's name.</param>
    /// <param name="cancellationToken">Stops waiting; the start goes on.</param>
    /// <exception cref="KeyNotFoundException">The fleet has no such daemon.</exception>
    /// <exception cref="FleetConflictException">The state of the daemon does not allow it.</exception>
    Task<StartupReport> StartAsync(string name, CancellationToken cancellationToken);

    /// <summary>Stops a daemon; it stays stopped until a person starts it, or one that depends on it. The daemons that depend on it are left as they are.</summary>
    /// <param name="name">The daemon's name.</param>
    /// <param name="cancellationToken">Stops waiting; the stop goes on.</param>
    /// <exception cref="KeyNotFoundException">The fleet has no such daemon.</exception>
    /// <exception cref="FleetConflictException">The state of the daemon does not allow it.</exception>
    Task<StopReport> StopAsync(string name, CancellationToken cancellationToken);

    /// <summary>Stops and starts a daemon, and waits for the report of the start.</summary>
    /// <param name="name">The daemon's name.</param>
    /// <param name="cancellationToken">Stops waiting; the restart goes on.</param>
    /// <exception cref="KeyNotFoundException">The fleet has no such daemon.</exception>
    /// <exception cref="FleetConflictException">The state of the daemon does not allow it.</exception>
    Task<StartupReport> RestartAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets the failures of a daemon, so that its crash loop and the alert about it end. A daemon in back-off or in a crash loop is started at once.
    /// </summary>
    /// <param name="name">The daemon's name.</param>
    /// <param name="cancellationToken">Stops waiting; the reset is made.</param>
    /// <returns>The daemon right after that. The start that may follow is not waited for.</returns>
    /// <exception cref="KeyNotFoundException">The fleet has no such daemon.</exception>
    /// <exception cref="FleetConflictException">The daemon is stopped or failed, or its port is foreign: it is in no crash loop.</exception>
    Task<DaemonSnapshot> ResetCrashLoopAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// The events after <paramref name="afterId"/> that are still kept (the last 1000), and then all new ones as they happen.
    /// Every subscriber sees every event in order. The stream of a subscriber that falls more than 4000 events behind ends.
    /// </summary>
    /// <param name="afterId">Id of the last event that the reader has seen; <see langword="null"/> for new ones only.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    IAsyncEnumerable<FleetEvent> WatchAsync(long? afterId, CancellationToken cancellationToken);
}

/// <summary>The state of a daemon does not allow a request.</summary>
/// <param name="message">The reason, for a person.</param>
public sealed class FleetConflictException(string message) : InvalidOperationException(message);
