using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>This supervisor launches the daemon.</summary>
internal sealed class OwnLauncher(IDaemonEngine engine) : ILauncher
{
    public bool CanAct => true;

    public bool OwnsProcess => true;

    public bool CanAdopt(DaemonInstance instance) => true;

    public Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken) =>
        engine.StartAsync(spec, options, cancellationToken);

    public Task<StartupReport?> CheckStartAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken) =>
        engine.CheckStartAsync(spec, freed, cancellationToken);

    public Task<StopReport> StopAsync(DaemonSpec spec, DaemonInstance? instance, StopOptions options, CancellationToken outOfTime) =>
        engine.StopAsync(spec, options with { Watched = instance?.Identity }, outOfTime);

    public Task<bool> CanStartAsync(DaemonSpec spec, CancellationToken cancellationToken) => IsAnyPortFreeAsync(engine, spec, cancellationToken);

    public string? RotateLog(DaemonSpec spec) => engine.RotateLog(spec);

    /// <summary>Whether one of the daemon's ports is free of foreign processes.</summary>
    public static async Task<bool> IsAnyPortFreeAsync(IDaemonEngine engine, DaemonSpec spec, CancellationToken cancellationToken)
    {
        for (var port = spec.Port; port <= (spec.PortRangeEnd ?? spec.Port); port++)
        {
            var onPort = spec with { Port = port, PortRangeEnd = null };
            var seen = await engine.InspectAsync(onPort, new InspectOptions { ProbeHealth = false }, cancellationToken).ConfigureAwait(false);

            // An instance of ours that a person has started is a reason to try as well: the start takes it over.
            if (seen.Verdict is not (InspectionVerdict.Foreign or InspectionVerdict.Unknown))
            {
                return true;
            }
        }

        return false;
    }
}
