using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.Standalone.Children;

/// <summary>
/// A process that the AppHost itself runs: the supervisor or the dashboard. It is started the way daemons are: not "running"
/// before the port is proved to be its own and it answers, and stopped with its whole tree.
/// </summary>
/// <param name="engine">The engine on the AppHost's own directory.</param>
/// <param name="spec">What to run.</param>
internal sealed class Child(IDaemonEngine engine, DaemonSpec spec)
{
    /// <summary>Its port.</summary>
    public int Port => spec.Port;

    /// <summary>Its name.</summary>
    public string Name => spec.Name;

    /// <summary>The living instance, after a start that was verified.</summary>
    public DaemonInstance? Instance { get; private set; }

    /// <summary>Starts it.</summary>
    /// <param name="timeout">Time for all stages.</param>
    /// <param name="attempt">Which try this is, from 1.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    public async Task<StartupReport> StartAsync(TimeSpan timeout, int attempt, CancellationToken cancellationToken)
    {
        var options = new StartOptions { Timeout = timeout, Attempt = attempt, StopGracePeriod = TimeSpan.FromSeconds(2) };
        var outcome = await engine.StartAsync(spec, options, cancellationToken);
        Instance = outcome.Instance;
        return outcome.Report;
    }

    /// <summary>Stops it and proves that it is gone. Nothing to do where it was never started.</summary>
    /// <param name="grace">Time between SIGTERM and SIGKILL.</param>
    /// <param name="hurry">Kills at once.</param>
    public Task<StopReport> StopAsync(TimeSpan grace, CancellationToken hurry)
        => engine.StopAsync(spec, new StopOptions { GracePeriod = grace }, hurry);
}
