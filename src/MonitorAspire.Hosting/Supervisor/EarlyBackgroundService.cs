using Microsoft.Extensions.Hosting;

namespace MonitorAspire.Hosting.Supervisor;

/// <summary>A background service that starts before Aspire starts the resources. Aspire's own hosted service does not return from its start
/// while a resource waits for another one, and the services after it are not started until then.</summary>
internal abstract class EarlyBackgroundService : BackgroundService, IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
