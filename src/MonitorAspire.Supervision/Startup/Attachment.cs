using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
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

    /// <summary>Writes the PID file of a proven living instance again where it is lost or names somebody else.</summary>
    internal string? RepairPidFile(DaemonSpec spec, DaemonInstance instance)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, instance.Port);
        var reading = PidFile.Read(files.PidFile);
        if (reading is { State: PidFileState.Valid } && reading.Pid == instance.Pid)
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
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var was = reading.State == PidFileState.Valid ? $"named PID {reading.Pid}" : $"was {reading.StateName}";
        return $"{spec.Name}: {files.PidFile} {was}; it names PID {instance.Pid} again";
    }
}
