using Microsoft.Win32.SafeHandles;
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
        if (OperatingSystem.IsWindows())
        {
            return Task.FromResult(ProcessExit.Unknown);
        }

        ChildExit.Expect(pid);

        // The child cannot have been reaped yet, so the PID still belongs to it.
        if (!OperatingSystem.IsLinux() || !TryOpen(pid, out var descriptor))
        {
            return PollChildAsync(pid);
        }

        return descriptor is null ? Task.FromResult(ProcessExit.Unknown) : ExitWatcher.Shared.Watch(descriptor, pid, isChild: true);
    }

    /// <summary>The exit of a process that is not our child. The kernel tells the exit code only to the parent.</summary>
    internal static Task<ProcessExit> OfOther(ProcessIdentity identity, ProcessTable table)
    {
        if (!OperatingSystem.IsLinux() || !TryOpen(identity.Pid, out var descriptor))
        {
            return PollOtherAsync(identity, table);
        }

        // The PID may have been used again before the descriptor was opened. A look after it tells which process it belongs to.
        if (descriptor is not null && table.IsAlive(identity))
        {
            return ExitWatcher.Shared.Watch(descriptor, identity.Pid, isChild: false);
        }

        descriptor?.Dispose();
        return Task.FromResult(ProcessExit.Unknown);
    }

    // False where no descriptor can be opened: none is left, or the kernel is too old.
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private static bool TryOpen(int pid, out SafeFileHandle? descriptor)
    {
        try
        {
            descriptor = ProcessDescriptor.Open(pid);
            return true;
        }
        catch (PlatformNotSupportedException)
        {
            descriptor = null;
            return false;
        }
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
        while (!table.IsGone(identity))
        {
            await Task.Delay(PollInterval, TimeProvider.System).ConfigureAwait(false);
        }

        return ProcessExit.Unknown;
    }
}
