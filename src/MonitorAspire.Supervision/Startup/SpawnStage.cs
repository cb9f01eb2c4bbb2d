using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Stage two: writes the record and launches the process, which inherits the lock and the log.</summary>
internal sealed class SpawnStage(EngineParts parts, DateTimeOffset startedAt, int restarts, DaemonSpec? definition = null, List<string>? notes = null)
{
    internal StartingInstance Run(ClaimedPort claimed, string? traceParent = null, string? traceState = null)
    {
        var (spec, files) = (claimed.Spec, claimed.Files);
        var id = InstanceRecord.NewInstanceId(spec.Port);
        var plan = DaemonLauncher.Plan(spec, files, parts.Options.BuiltInDaemonPath, parts.Options.DaemonEnvironment, id);
        LaunchPrefix.Require(plan, spec);
        LaunchCheck.RequireLog(files);
        DaemonLauncher.SetOrRemove(plan.Environment, "TRACEPARENT", traceParent);
        DaemonLauncher.SetOrRemove(plan.Environment, "TRACESTATE", traceState);
        var notifications = OpenNotifications(claimed, plan);

        ControlGroup.Current.Remove(InstanceRecord.Read(files.InstanceFile));
        var group = ControlGroup.Current.TryCreate(id, out var whyNoGroup);
        var launcher = parts.Processes.Identify(Environment.ProcessId);
        var record = InstanceRecord.Of(spec, [plan.Executable, .. plan.Arguments], id, startedAt, restarts) with
        {
            BootId = parts.Processes.BootId,
            WorkingDirectory = plan.WorkingDirectory ?? Directory.GetCurrentDirectory(),
            RealDirectory = PathAccess.RealPath(plan.WorkingDirectory ?? "."),
            Health = spec.Health,
            LauncherPid = launcher?.Pid ?? 0,
            LauncherStartTicks = launcher?.StartTicks ?? 0,
            ControlGroup = group,
            Fleet = parts.Options.Fleet,
        };

        // Written before the launch: a process that finds the lock held meanwhile reads the launcher's PID in it.
        record.Write(files.InstanceFile);
        StoreDefinition(spec, files);
        var (log, offset) = DaemonLog.OpenForInstance(files.LogFile, spec.Log);
        using (log)
        {
            var pid = DaemonLauncher.Launch(plan, log, claimed.Lock);

            // The start does not wait for it: the kernel may need 20 ms.
            var grouping = group is null ? Task.FromResult(whyNoGroup) : ControlGroup.Current.AddAsync(group, id, pid);
            claimed.Lock.MarkRoot(pid);

            // No process has reaped the child yet, so a child that has ended already still has its identity.
            var identity = parts.Processes.Describe(pid)?.Identity ?? new ProcessIdentity(pid, 0, parts.Processes.BootId);
            var instance = new StartingInstance(parts, claimed, record.With(identity) with { LogOffset = offset }, ProcessExits.OfChild(pid), offset) { WhyNotInGroup = grouping };
            if (OperatingSystem.IsLinux())
            {
                notifications?.Listen(sender => parts.Tree.Membership(instance.Signs)(sender));
            }

            return instance;
        }
    }

    private void StoreDefinition(DaemonSpec spec, DaemonFiles files)
    {
        if (DefinitionFile.SetAside(files) is { } note)
        {
            notes?.Add(note);
        }

        if (definition is null)
        {
            AtomicFile.TryDelete(files.DefinitionFile);
        }
        else
        {
            // Of a range, the port that was chosen is stored.
            DefinitionFile.Write(files, DefinitionMapper.ToDefinition(definition with { Name = spec.Name, Port = spec.Port, PortRangeEnd = null }));
        }
    }

    // As systemd does it: sd_notify(3) and sd_watchdog_enabled(3). Without WATCHDOG_PID the time holds for every process of the daemon.
    private NotifySocket? OpenNotifications(ClaimedPort claimed, LaunchPlan plan)
    {
        var health = claimed.Spec.Health;
        if (health.Kind != HealthCheckKind.Notify || !OperatingSystem.IsLinux())
        {
            return null;
        }

        plan.Environment[NotifySocket.EnvironmentVariable] = claimed.Files.NotifySocket;
        plan.Environment.Remove("WATCHDOG_PID");
        DaemonLauncher.SetOrRemove(plan.Environment, "WATCHDOG_USEC", health.Liveness?.Timeout is { } limit ? limit.TotalMicroseconds.ToString("F0", CultureInfo.InvariantCulture) : null);
        return parts.Notifications.Open(claimed.Files);
    }
}
