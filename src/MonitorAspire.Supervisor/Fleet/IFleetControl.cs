using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>A fleet together with its beginning and its end, which are the host's business and nobody else's.</summary>
internal interface IFleetControl
{
    /// <summary>The fleet.</summary>
    IFleet Fleet { get; }

    /// <summary>Begins to supervise: adopts what lives, starts what does not. Returns without waiting for verdicts.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends supervision and, where the configuration says so, the daemons.</summary>
    /// <param name="cancellationToken">The time is up: what is left is killed.</param>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Makes the fleet consist of these daemons; only those that differ are touched.</summary>
    /// <param name="specs">The daemons.</param>
    /// <param name="options">Options of the whole fleet; <see langword="null"/> leaves them as they are.</param>
    /// <param name="cancellationToken">Gives up waiting for another change; one that has begun is carried out.</param>
    Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options, CancellationToken cancellationToken);
}
