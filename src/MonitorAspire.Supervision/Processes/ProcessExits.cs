using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;

namespace MonitorAspire.Supervision.Processes;

/// <summary>Tells when a process has ended, whether it is a child or not.</summary>
internal static class ProcessExits
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The exit of a child that was just spawned. No other code may reap it.</summary>
    internal static Task<ProcessExit> OfChild(int pid)
    {
        // The child cannot have been reaped yet, so the PID still belongs to it.
        if (OperatingSystem.IsLinux())
        {
            return ProcessDescriptor.Open(pid) is { } descriptor
                ? ExitWatcher.Shared.Watch(descriptor, pid, isChild: true)
                : Task.FromResult(ProcessExit.Unknown);
        }

        return OperatingSystem.IsWindows() ? Task.FromResult(ProcessExit.Unknown) : PollChildAsync(pid);
    }

    /// <summary>The exit of a process that is not our child. The kernel tells the exit code only to the parent.</summary>
    internal static Task<ProcessExit> OfOther(ProcessIdentity identity, ProcessTable table)
    {
        if (!OperatingSystem.IsLinux())
        {
            return PollOtherAsync(identity, table);
        }

        var descriptor = ProcessDescriptor.Open(identity.Pid);

        // The PID may have been used again before the descriptor was opened. A look after it tells which process it belongs to.
        if (descriptor is not null && table.IsAlive(identity))
        {
            return ExitWatcher.Shared.Watch(descriptor, identity.Pid, isChild: false);
        }

        descriptor?.Dispose();
        return Task.FromResult(ProcessExit.Unknown);
    }

    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private static async Task<ProcessExit> PollChildAsync(int pid)
    {
        while (true)
        {
            if (ChildExit.TryReap(pid) is { } exit)
            {
                return exit;
            }

            await Task.Delay(PollInterval, TimeProvider.System).ConfigureAwait(false);
        }
    }

    private static async Task<ProcessExit> PollOtherAsync(ProcessIdentity identity, ProcessTable table)
    {
        while (table.IsAlive(identity))
        {
            await Task.Delay(PollInterval, TimeProvider.System).ConfigureAwait(false);
        }

        return ProcessExit.Unknown;
    }
}
