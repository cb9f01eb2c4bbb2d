using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Processes;

/// <summary>Launches a daemon on Windows, where no descriptor is inherited by number: it takes the freed lock itself, and its output is not captured.</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsLauncher
{
    internal static int Launch(LaunchPlan plan, SafeFileHandle output, InstanceLock instanceLock)
    {
        output.Dispose();
        instanceLock.Dispose();
        var start = new ProcessStartInfo(plan.Executable, plan.Arguments) { UseShellExecute = false, CreateNoWindow = true, WorkingDirectory = plan.WorkingDirectory ?? "" };
        start.Environment.Clear();
        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            using var process = Process.Start(start);
            return process?.Id ?? throw new StartupFailedException(StartupReason.CommandNotFound, $"{plan.Executable} was not started");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new StartupFailedException(e.NativeErrorCode == 5 ? StartupReason.PermissionDenied : StartupReason.CommandNotFound, $"{plan.Executable}: {e.Message}");
        }
    }
}
