using System.Diagnostics;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>
/// Ends the supervisor when the process that it belongs to is gone, because that process was killed and cannot stop anything. The
/// supervisor ends as if it was killed itself: daemons live on, starts go on, and the next supervisor adopts them.
/// </summary>
internal sealed partial class ParentWatch(
    SupervisorSettings settings, TimeProvider time, ILogger<ParentWatch> logger) : BackgroundService
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
        Process.GetCurrentProcess().Kill();
    }

    [LoggerMessage(10, LogLevel.Warning, "PID {Pid}, which this supervisor belongs to, is gone: ending, the daemons live on")]
    private partial void LogParentGone(int pid);

    [LoggerMessage(11, LogLevel.Warning, "This user may not inspect PID {Pid}, which this supervisor belongs to: its end will not be seen")]
    private partial void LogCannotInspect(int pid);
}
