using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Processes;

/// <summary>
/// The sensible path on Windows, where no descriptor is inherited by number: the lock is let go right before the start and
/// taken by the daemon itself, and the output is not captured. What this cannot prove, reports do not claim.
/// </summary>
[SupportedOSPlatform("windows")]
internal static class WindowsLauncher
{
    internal static int Launch(LaunchPlan plan, SafeFileHandle output, InstanceLock instanceLock, out (StartupReason Reason, string Detail) failure)
    {
        failure = default;
        output.Dispose();
        instanceLock.Dispose();
        var start = new ProcessStartInfo(plan.Executable) { UseShellExecute = false, CreateNoWindow = true };
        foreach (var argument in plan.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        if (plan.WorkingDirectory is not null)
        {
            start.WorkingDirectory = plan.WorkingDirectory;
        }

        try
        {
            using var process = Process.Start(start);
            return process?.Id ?? 0;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            failure = (e.NativeErrorCode == 5 ? StartupReason.PermissionDenied : StartupReason.CommandNotFound, $"{plan.Executable}: {e.Message}");
            return 0;
        }
    }
}
