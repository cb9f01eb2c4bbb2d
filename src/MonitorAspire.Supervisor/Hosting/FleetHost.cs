using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Fleet.History;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>
/// Ties the fleet's life to the host's. It begins when the interface listens, so that a port in use fails before any daemon is
/// started, and the first starts can be watched; it ends before the interface does. The host counts as started (READY=1 to systemd)
/// when every daemon has had its first verdict.
/// </summary>
internal sealed partial class FleetHost(
    IFleetControl control, FleetHistory history, StreamsEnding streams, IHostApplicationLifetime lifetime, ILogger<FleetHost> logger) : IHostedLifecycleService
{
    private Task _recording = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        _recording = RecordAsync(streams.Token);
        await control.StartAsync(cancellationToken);
        try
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            await FirstVerdictsAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop before the first verdicts: that is an end like any other.
            return;
        }

        var daemons = control.Fleet.Daemons;
        LogVerdicts(daemons.Count(d => d.State == DaemonState.Running), daemons.Count);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        LogStopping();
        try
        {
            await control.StopAsync(cancellationToken);
        }
        finally
        {
            // Whatever became of the daemons, whoever watches must not keep the interface from closing.
            await streams.EndAsync();
            await _recording;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task FirstVerdictsAsync(CancellationToken cancellationToken)
    {
        await foreach (var _ in WithFirst(control.Fleet.WatchAsync(0, cancellationToken)))
        {
            if (control.Fleet.Daemons.All(HasVerdict))
            {
                return;
            }
        }
    }

    // Looks once before the first event too: a fleet without daemons to start has none.
    private static async IAsyncEnumerable<FleetEvent?> WithFirst(IAsyncEnumerable<FleetEvent> events)
    {
        yield return null;
        await foreach (var happened in events)
        {
            yield return happened;
        }
    }

    private static bool HasVerdict(DaemonSnapshot daemon)
        => daemon.State is not (DaemonState.Starting or DaemonState.Stopped or DaemonState.Stopping) || daemon.LastFailure is not null;

    private async Task RecordAsync(CancellationToken cancellationToken)
    {
        long seen = 0;
        try
        {
            // A reader that fell too far behind is ended and takes up again where it was; one that gets nothing any more is at the end.
            for (long before = -1; before != seen && !cancellationToken.IsCancellationRequested;)
            {
                before = seen;
                await foreach (var happened in control.Fleet.WatchAsync(seen, cancellationToken))
                {
                    seen = happened.Id;
                    history.Add(happened);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Verified} of {Count} daemons are verified and run")]
    private partial void LogVerdicts(int verified, int count);

    [LoggerMessage(2, LogLevel.Information, "Asked to stop")]
    private partial void LogStopping();
}
