using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
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
        return located is { Kind: LocatedKind.Instance, Identity: { } identity } && !parts.IsOfAnotherLauncher(spec, located)
            ? new DaemonInstance(
                identity,
                spec.Port,
                located.Record?.StartedAt ?? parts.Processes.StartTimeOf(identity),
                located.Record?.RestartCount ?? 0,
                ProcessExits.OfOther(identity, parts.Processes))
            {
                VerifiedAt = located.Record?.Identity == identity ? located.Record.VerifiedAt : null,
            }
            : null;
    }

    /// <summary>
    /// Writes the PID file of a proven living instance again where it is lost or names somebody else, and its record where that
    /// is lost too: whoever saw the instance start still knows it, and must be able to stop it when its files are gone.
    /// </summary>
    internal string? RepairFiles(DaemonSpec spec, DaemonInstance instance)
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
                (RecordOf(spec, instance) with { VerifiedAt = parts.Time.GetUtcNow() }).Write(files.InstanceFile);
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

    /// <summary>
    /// Writes PID file and record of a process that somebody else launched. Its identity is the record's (PID, start ticks, boot id): it
    /// holds no lock, since nobody handed it one.
    /// </summary>
    internal DaemonInstance? Register(DaemonSpec spec, int pid, int restarts)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, spec.Port);
        if (parts.Processes.Identify(pid) is not { } identity || !parts.Processes.IsAlive(identity))
        {
            return null;
        }

        var located = parts.Locator.Locate(files);
        if (located.Kind == LocatedKind.Instance)
        {
            return located.Identity == identity ? Attach(spec) : null;
        }

        try
        {
            StateDirectory.Create(files.StateDirectory);
            if (InstanceLock.TryAcquire(files.LockFile) is not { } held)
            {
                return null;
            }

            using (held)
            {
                var instance = new DaemonInstance(
                    identity, spec.Port, parts.Processes.StartTimeOf(identity), restarts, ProcessExits.OfOther(identity, parts.Processes));
                if (PidFile.Read(files.PidFile) is not { State: PidFileState.Valid } reading || reading.Pid != pid)
                {
                    parts.Stale.Clean(files, []);
                }

                // The record first: a PID file without one names a process that nobody could prove.
                RecordOf(spec, instance).Write(files.InstanceFile);
                PidFile.Write(files.PidFile, pid);
                return instance;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StartupFailedException)
        {
            return null;
        }
    }

    /// <summary>Notes in the record of a verified instance, which may have written it itself, when that was and how many restarts there were.</summary>
    internal DaemonInstance Confirm(DaemonSpec spec, DaemonInstance instance, int restarts)
    {
        var file = new DaemonFiles(parts.Options.StateDirectory, spec.Port).InstanceFile;
        try
        {
            if (InstanceRecord.Read(file) is { } record && record.Identity == instance.Identity)
            {
                (record with { RestartCount = restarts, VerifiedAt = parts.Time.GetUtcNow() }).Write(file);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It runs and is verified; only the next supervisor will count from what it finds.
        }

        return new DaemonInstance(instance.Identity, instance.Port, instance.StartedAt, restarts, instance.Exited);
    }

    /// <summary>Removes what <see cref="Register"/>, or a daemon that was killed, left of a dead instance.</summary>
    internal void Forget(DaemonInstance instance)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, instance.Port);
        try
        {
            // Whoever holds the lock is the next instance, or about to launch it, and cleans up by itself.
            if (parts.Processes.IsAlive(instance.Identity) || InstanceLock.TryAcquire(files.LockFile) is not { } held)
            {
                return;
            }

            using (held)
            {
                if (InstanceRecord.Read(files.InstanceFile)?.Identity == instance.Identity)
                {
                    AtomicFile.TryDelete(files.InstanceFile);
                }

                PidFile.RemoveIfOwn(files.PidFile, instance.Pid);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They stay, and the next look calls them stale.
        }
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
        RestartCount = instance.RestartCount,
    };
}
