using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>
/// Ends the supervisor, in order, when the process that it belongs to is gone: an AppHost that is killed with SIGKILL can stop nobody.
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

        // Identified at once: its PID may be somebody else's later.
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

    [LoggerMessage(10, LogLevel.Warning, "PID {Pid}, which this supervisor belongs to, is gone: shutting down")]
    private partial void LogParentGone(int pid);

    [LoggerMessage(11, LogLevel.Warning, "This user may not inspect PID {Pid}, which this supervisor belongs to: its end will not be seen")]
    private partial void LogCannotInspect(int pid);
}
