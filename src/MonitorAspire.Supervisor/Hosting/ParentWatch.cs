using System.Diagnostics;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Hosting;

/// <summary>Ends the supervisor when its parent (<c>MONITOR_PARENT_PID</c>) has ended: a parent that is killed with SIGKILL cannot stop it.
/// The supervisor ends as if it was killed itself: daemons live on, starts go on, and the next supervisor adopts them.</summary>
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

#pragma warning disable RS0030 // The own process, which cannot be another one. An exit in order would cancel the starts that go on.
        Process.GetCurrentProcess().Kill();
#pragma warning restore RS0030
    }

    [LoggerMessage(10, LogLevel.Warning, "The parent process (PID {Pid}) has ended: this supervisor ends, the daemons live on")]
    private partial void LogParentGone(int pid);

    [LoggerMessage(11, LogLevel.Warning, "This user has no permission to inspect the parent process (PID {Pid}); its end will not be noticed")]
    private partial void LogCannotInspect(int pid);
}
