namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Asks whoever launches the attached daemons (Aspire's orchestrator, for one) to start and to stop them. The supervisor
/// decides when, verifies what comes of it, and never signals them itself; a restart is a stop, a wait and a start.
/// </summary>
public interface IAttachedDaemonController
{
    /// <summary>Asks for a start. Returns when the request was taken; the supervisor then waits for the instance and verifies it.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The request was refused; the message says why.</exception>
    Task RequestStartAsync(string daemon, CancellationToken cancellationToken);

    /// <summary>Asks for a stop. Returns when the request was taken; the supervisor then waits for the instance to end.</summary>
    /// <param name="daemon">The daemon's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The request was refused; the message says why.</exception>
    Task RequestStopAsync(string daemon, CancellationToken cancellationToken);
}
