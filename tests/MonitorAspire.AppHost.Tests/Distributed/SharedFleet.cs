namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>One running application for all facts of an engine that do not disturb each other.</summary>
public sealed class SharedFleet<TEngine> : IAsyncLifetime
    where TEngine : IFleetEngine
{
    private DistributedFleet? _fleet;

    /// <summary>The application. A fact that disturbs a daemon uses a daemon that no other fact uses.</summary>
    public DistributedFleet Fleet => _fleet ?? throw new InvalidOperationException("not started yet");

    /// <inheritdoc />
    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsLinux())
        {
            _fleet = await DistributedFleet.StartAsync<TEngine>(count: 4);

            // Only here. A daemon that does not come back later fails one fact and not all that follow.
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
