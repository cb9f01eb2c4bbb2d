using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>Reaps orphans where the supervisor is PID 1 of a container or a child subreaper.</summary>
internal sealed class OrphanReaping(TimeProvider time) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => OrphanReaper.RunAsync(time, stoppingToken);
}
