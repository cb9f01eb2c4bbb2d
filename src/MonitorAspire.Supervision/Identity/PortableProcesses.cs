using System.ComponentModel;
using System.Diagnostics;

namespace MonitorAspire.Supervision.Identity;

/// <summary>Processes as .NET shows them on every platform: enough for the identity, without parents, sessions and holders of a lock.</summary>
internal sealed class PortableProcesses : ProcessTable
{
    public override ProcessLookup Lookup(int pid)
    {
        if (pid <= 0)
        {
            return ProcessLookup.Dead;
        }

        try
        {
            using var process = Process.GetProcessById(pid);
            return process.HasExited
                ? ProcessLookup.Dead
                : ProcessLookup.Alive(new ProcessIdentity(pid, process.StartTime.ToUniversalTime().Ticks, BootId));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return ProcessLookup.Dead; // there is none, or it has ended meanwhile
        }
        catch (Exception e) when (e is Win32Exception or NotSupportedException)
        {
            return ProcessLookup.CannotInspect;
        }
    }

    public override ProcessInfo? Describe(int pid)
    {
        try
        {
            return Describe(Process.GetProcessById(pid));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public override IReadOnlyList<ProcessInfo> Snapshot() => [.. Process.GetProcesses().Select(Describe).OfType<ProcessInfo>()];

    public override DateTimeOffset StartTimeOf(ProcessIdentity identity) => new(identity.StartTicks, TimeSpan.Zero);

    private ProcessInfo? Describe(Process process)
    {
        using var disposed = process;
        try
        {
            return new ProcessInfo
            {
                Identity = new ProcessIdentity(process.Id, process.StartTime.ToUniversalTime().Ticks, BootId),
                Name = process.ProcessName,
                Executable = ExecutableOf(process) ?? process.ProcessName,
            };
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return null;
        }
    }

    private static string? ExecutableOf(Process process)
    {
        try
        {
            return process.MainModule?.FileName;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return null;
        }
    }
}
