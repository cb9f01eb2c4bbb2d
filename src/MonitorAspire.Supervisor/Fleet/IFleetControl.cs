using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>A fleet with the operations that only the host may use.</summary>
internal interface IFleetControl
{
    IFleet Fleet { get; }

    /// <summary>Begins to supervise: adopts running daemons and starts the others. Returns without waiting for verdicts.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Ends supervision and, if it is configured so, stops the daemons. A cancellation kills those that still run.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Whether a person has stopped the daemon, so that it is not started with the fleet.</summary>
    bool IsKeptStopped(string name) => false;

    /// <summary>Changes the daemons of the fleet to these. Without options those of the fleet stay. A change that has begun is completed.</summary>
    Task<FleetChange> ApplyAsync(IReadOnlyList<DaemonSpec> specs, FleetOptions? options, CancellationToken cancellationToken);
}
