using System.Runtime.Versioning;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// Reaps the orphans that a PID 1 or a child subreaper gets as children: without it they stay zombies for ever. Children that this process
/// has started itself are left to the code that waits for them.
/// </summary>
internal sealed class OrphanReaper(ProcessTable table)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private HashSet<ProcessIdentity> _before = [];

    /// <summary>Reaps until cancelled. Returns at once where this process gets no orphans.</summary>
    internal static async Task RunAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || !ChildExit.InheritsOrphans())
        {
            return;
        }

        var reaper = new OrphanReaper(ProcessTable.Current);
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                reaper.Reap();
            }
        }
        catch (OperationCanceledException)
        {
            // This process ends, and with PID 1 the whole container.
        }
    }

    /// <summary>
    /// Reaps the children that had ended already at the call before. One that has just ended may be a child of the runtime's own Process
    /// class, which reaps it within moments, or one of ours that is not known yet.
    /// </summary>
    [SupportedOSPlatform("linux")]
    internal void Reap()
    {
        HashSet<ProcessIdentity> ended = [];
        if (ChildExit.AnyEnded())
        {
            ended = [.. table.Snapshot()
                .Where(process => process.IsZombie && process.ParentPid == Environment.ProcessId && !ChildExit.IsExpected(process.Pid))
                .Select(process => process.Identity)];
            foreach (var orphan in ended.Where(_before.Contains))
            {
                _ = ChildExit.TryReap(orphan.Pid);
            }
        }

        _before = ended;
    }
}
