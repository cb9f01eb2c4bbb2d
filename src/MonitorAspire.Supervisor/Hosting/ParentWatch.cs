using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>
/// Ends the supervisor, in order, when its parent (<c>MONITOR_PARENT_PID</c>) has ended: an AppHost that is killed with SIGKILL cannot stop it.
/// </summary>
internal sealed partial class ParentWatch(
    SupervisorSettings settings, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ParentWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.ParentPid is not { } pid)
        {
            return;
        }

        // Identified now, because another process may have its PID later.
        var parent = ProcessTable.Current.Lookup(pid);
        if (parent.Presence == ProcessPresence.CannotInspect)
        {
            LogCannotInspect(pid);
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        while (parent.Identity is { } identity && !ProcessTable.Current.IsGone(identity))
        {
            if (!await timer.WaitForNextTickAsync(stoppingToken))
            {
                return;
            }
        }

        LogParentGone(pid);
        lifetime.StopApplication();
    }

    [LoggerMessage(10, LogLevel.Warning, "The parent process (PID {Pid}) has ended: shutting down")]
    private partial void LogParentGone(int pid);

    [LoggerMessage(11, LogLevel.Warning, "This user has no permission to inspect the parent process (PID {Pid}); its end will not be noticed")]
    private partial void LogCannotInspect(int pid);
}
