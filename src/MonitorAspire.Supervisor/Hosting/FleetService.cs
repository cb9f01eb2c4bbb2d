using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Fleet.History;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>Starts and stops the fleet with the host. The fleet starts when the REST API listens, so that a port in use is reported before
/// any daemon is started, and it stops before the REST API does. The host is ready (READY=1 for systemd) when every daemon has had its
/// first result.</summary>
internal sealed partial class FleetService(
    IFleetControl control, FleetHistory history, OpenStreams streams, IHostApplicationLifetime lifetime, ILogger<FleetService> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private Task _recording = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        _recording = RecordAsync(_ending.Token);
        await control.StartAsync(cancellationToken);
        try
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            await FirstVerdictsAsync(stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopped before the first results.
            return;
        }

        var daemons = control.Fleet.Daemons;
        LogVerdicts(daemons.Count(d => d.State == DaemonState.Running), daemons.Count);

        // The start needed several times the memory that the probes need. It is given back once.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        LogStopping();
        try
        {
            // When the host's time limit is over the end is not delayed any more, whatever the fleet waits for.
            await Task.Run(() => control.StopAsync(cancellationToken), CancellationToken.None).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogTimeLimit();
        }
        finally
        {
            await streams.EndAsync();
            await _ending.CancelAsync();
            await _recording;
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _ending.Dispose();

    private async Task FirstVerdictsAsync(CancellationToken cancellationToken)
    {
        // Mostly one daemon is looked at for each event: to look at all of them takes the square of the size of a fleet.
        var without = new Stack<string>(control.Fleet.Daemons.Select(daemon => daemon.Name));
        await using var events = control.Fleet.WatchAsync(0, cancellationToken).GetAsyncEnumerator(cancellationToken);
        do
        {
            while (without.TryPeek(out var name) && (control.Fleet.Find(name) is not { } daemon || HasVerdict(daemon)))
            {
                without.Pop();
            }
        }
        while (without.Count > 0 && await events.MoveNextAsync());
    }

    // A daemon that waits has its result when one that it waits for has failed.
    private bool HasVerdict(DaemonSnapshot daemon) => daemon.LastFailure is not null || daemon.State switch
    {
        DaemonState.Starting or DaemonState.Stopping => false,
        DaemonState.Stopped => !daemon.AutoStart || control.IsKeptStopped(daemon.Name),
        DaemonState.Waiting => daemon.WaitingFor.Any(name => control.Fleet.Find(name) is { State: not DaemonState.Running } needed && HasVerdict(needed)),
        _ => true,
    };

    private async Task RecordAsync(CancellationToken cancellationToken)
    {
        long seen = 0;
        try
        {
            // The fleet ends a reader that is too slow; it continues after the last event. Without new events the fleet has ended.
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
            // The supervisor ends.
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Verified} of {Count} daemons are verified and run")]
    private partial void LogVerdicts(int verified, int count);

    [LoggerMessage(2, LogLevel.Information, "Stopping")]
    private partial void LogStopping();

    [LoggerMessage(4, LogLevel.Error, "The daemons did not stop within the time limit; the supervisor ends without them")]
    private partial void LogTimeLimit();
}
