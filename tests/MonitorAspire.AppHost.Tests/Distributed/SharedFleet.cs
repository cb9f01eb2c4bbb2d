namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>One running application for all the facts of an engine that do not disturb each other.</summary>
public sealed class SharedFleet<TEngine> : IAsyncLifetime
    where TEngine : IFleetEngine
{
    private DistributedFleet? _fleet;

    /// <summary>The application. Each fact that does something to a daemon has one of its own.</summary>
    public DistributedFleet Fleet => _fleet ?? throw new InvalidOperationException("not started yet");

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsLinux())
        {
            _fleet = await DistributedFleet.StartAsync<TEngine>(count: 4);

            // Once: a daemon that does not come back is the failure of one fact and not of all that follow.
            await _fleet.AllRunningAsync();
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
        {
            await _fleet.DisposeAsync();
        }
    }
}
