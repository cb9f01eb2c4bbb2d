using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>Stops what the health checks of a killed supervisor have left. The fleet does not wait for it.</summary>
internal sealed partial class AbandonedCheckStop(SupervisorSettings settings, TimeProvider time, ILogger<AbandonedCheckStop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await Task.Yield();
        var processes = ProcessTable.Current;
        var stopped = await new AbandonedChecks(processes, new TreeStopper(processes, new InstanceTree(processes), time)).StopAsync(settings.StateDirectory);
        if (stopped.Count > 0)
        {
            LogStopped(string.Join(", ", stopped));
        }
    }

    [LoggerMessage(15, LogLevel.Warning, "Health checks of a supervisor that was killed had left processes, which were stopped: PID {Pids}")]
    private partial void LogStopped(string pids);
}
