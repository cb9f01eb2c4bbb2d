using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Stage two: writes the record and launches the process, which inherits the lock and the log.</summary>
internal sealed class SpawnStage(EngineParts parts, DateTimeOffset startedAt, int restarts)
{
    internal StartingInstance Run(ClaimedPort claimed, string? traceParent = null, string? traceState = null)
    {
        var (spec, files) = (claimed.Spec, claimed.Files);
        var id = InstanceRecord.NewInstanceId(spec.Port);
        var plan = DaemonLauncher.Plan(spec, files, parts.Options.BuiltInDaemonPath, parts.Options.DaemonEnvironment, id);
        SetOrRemove(plan.Environment, "TRACEPARENT", traceParent);
        SetOrRemove(plan.Environment, "TRACESTATE", traceState);

        var launcher = parts.Processes.Identify(Environment.ProcessId);
        var record = InstanceRecord.Of(spec, [plan.Executable, .. plan.Arguments], id, startedAt, restarts) with
        {
            BootId = parts.Processes.BootId,
            WorkingDirectory = plan.WorkingDirectory ?? Directory.GetCurrentDirectory(),
            LauncherPid = launcher?.Pid ?? 0,
            LauncherStartTicks = launcher?.StartTicks ?? 0,
        };

        // Written before the launch: a process that finds the lock held meanwhile reads the launcher's PID in it.
        record.Write(files.InstanceFile);
        var (log, offset) = DaemonLog.OpenForInstance(files.LogFile, parts.Options.LogRotateBytes, parts.Options.LogFilesKept);
        using (log)
        {
            var pid = DaemonLauncher.Launch(plan, log, claimed.Lock);
            claimed.Lock.MarkRoot(pid);

            // No process has reaped the child yet, so a child that has ended already still has its identity.
            var identity = parts.Processes.Describe(pid)?.Identity ?? new ProcessIdentity(pid, 0, parts.Processes.BootId);
            return new StartingInstance(parts, claimed, record.With(identity), ProcessExits.OfChild(pid), offset);
        }
    }

    private static void SetOrRemove(Dictionary<string, string> environment, string name, string? value)
    {
        if (value is null)
        {
            environment.Remove(name);
        }
        else
        {
            environment[name] = value;
        }
    }
}
