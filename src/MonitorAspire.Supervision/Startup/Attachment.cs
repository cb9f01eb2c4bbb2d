using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Takes over living instances that somebody else started, or that an earlier supervisor did.</summary>
internal sealed class Attachment(EngineParts parts)
{
    /// <summary>A handle on the proven living instance, or <see langword="null"/>.</summary>
    internal DaemonInstance? Attach(DaemonSpec spec)
    {
        var located = parts.Locator.Locate(new DaemonFiles(parts.Options.StateDirectory, spec.Port));
        return located is { Kind: LocatedKind.Instance, Identity: { } identity }
            ? new DaemonInstance(
                identity,
                spec.Port,
                located.Record?.StartedAt ?? parts.Processes.StartTimeOf(identity),
                located.Record?.RestartCount ?? 0,
                ProcessExits.OfOther(identity, parts.Processes))
            : null;
    }

    /// <summary>
    /// Writes the PID file of a proven living instance again where it is lost or names somebody else, and its record where that
    /// is lost too: whoever saw the instance start still knows it, and must be able to stop it when its files are gone.
    /// </summary>
    internal string? RepairPidFile(DaemonSpec spec, DaemonInstance instance)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, instance.Port);
        var reading = PidFile.Read(files.PidFile);
        var recordLost = InstanceRecord.Read(files.InstanceFile)?.Identity != instance.Identity;
        if (reading is { State: PidFileState.Valid } && reading.Pid == instance.Pid && !recordLost)
        {
            return null;
        }

        if (!parts.Processes.IsAlive(instance.Identity) || reading.State is PidFileState.NotAFile or PidFileState.Unreadable)
        {
            return null;
        }

        try
        {
            StateDirectory.Create(files.StateDirectory);
            PidFile.Write(files.PidFile, instance.Pid);
            if (recordLost)
            {
                RecordOf(spec, instance).Write(files.InstanceFile);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var was = reading.State != PidFileState.Valid ? $"was {reading.StateName}"
            : reading.Pid != instance.Pid ? $"named PID {reading.Pid}"
            : "had lost its record";
        return $"{spec.Name}: {files.PidFile} {was}; it names PID {instance.Pid} again";
    }

    private InstanceRecord RecordOf(DaemonSpec spec, DaemonInstance instance) => new()
    {
        Pid = instance.Pid,
        StartTicks = instance.Identity.StartTicks,
        BootId = instance.Identity.BootId,
        InstanceId = InstanceLocator.IdForPort(ProcessEnvironment.Get(parts.Processes, instance.Pid, InstanceRecord.EnvironmentVariable), instance.Port) ?? "",
        Name = spec.Name,
        Host = spec.Host,
        Port = instance.Port,
        HealthPath = spec.HealthPath,
        Command = spec.Command is null ? [] : [spec.Command, .. spec.Arguments],
        StartedAt = instance.StartedAt,
        VerifiedAt = parts.Time.GetUtcNow(),
        RestartCount = instance.RestartCount,
    };
}
