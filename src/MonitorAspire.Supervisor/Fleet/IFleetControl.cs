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
}
