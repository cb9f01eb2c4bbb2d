using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Takes over living instances that another launcher or an earlier supervisor started.</summary>
internal sealed class Attachment(EngineParts parts)
{
    /// <summary>Handle of the proven living instance, or <see langword="null"/>.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="told">The process that its launcher has named, where there is one.</param>
    internal DaemonInstance? Attach(DaemonSpec spec, ProcessIdentity? told = null)
    {
        var located = parts.Locator.Locate(new DaemonFiles(parts.Options.StateDirectory, spec.Port), told);
        return located is { Kind: LocatedKind.Instance, Identity: { } identity } && !parts.IsOfAnotherLauncher(spec, located)
            ? new DaemonInstance(
                identity,
                spec.Port,
                located.Record?.StartedAt ?? parts.Processes.StartTimeOf(identity),
                located.Record?.RestartCount ?? 0,
                ProcessExits.OfOther(identity, parts.Processes))
            {
                VerifiedAt = located.Record?.Identity == identity ? located.Record.VerifiedAt : null,
                HasWorkers = located.Record?.Identity == identity || parts.Processes.Snapshot().Any(p => p.ParentPid == identity.Pid && !p.IsZombie),
            }
            : null;
    }

    /// <summary>
    /// Writes the PID file of a proven living instance again where it is lost or names another process, and its record where that is lost.
    /// The caller still has the handle of the instance, and must be able to stop it when its files are gone.
    /// </summary>
    internal string? RepairFiles(DaemonSpec spec, DaemonInstance instance)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, instance.Port);
        var reading = PidFile.Read(files.PidFile);
        var record = InstanceRecord.Read(files.InstanceFile);
        var recordLost = record?.Identity != instance.Identity;
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
                (Continued(record, files, instance) ?? RecordOf(spec, instance) with { VerifiedAt = parts.Time.GetUtcNow() }).Write(files.InstanceFile);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return reading is { State: PidFileState.Valid } && reading.Pid == instance.Pid
            ? $"{spec.Name}: {files.InstanceFile} was lost; it was written again for PID {instance.Pid}"
            : $"{spec.Name}: {files.PidFile} {(reading.State != PidFileState.Valid ? $"was {reading.StateName}" : $"named PID {reading.Pid}")}; it names PID {instance.Pid} again";
    }

    // A process that took over from its master is the same instance: its command, id and number of restarts go on.
    private InstanceRecord? Continued(InstanceRecord? record, DaemonFiles files, DaemonInstance instance) =>
        record?.Identity is { } master && parts.Processes.IsGone(master)
        && parts.Tree.Members(new InstanceSigns(null, record.InstanceId, files.LockFile, ControlGroup: record.ControlGroup)).Any(m => m.Identity == instance.Identity)
            ? record.With(instance.Identity)
            : null;

    /// <summary>
    /// Writes PID file and record of a process that another launcher started and named. It did not inherit the lock, so for other programs only
    /// its instance id proves it.
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

        // It was registered before.
        if (located.Record?.Identity == identity)
        {
            return Attach(spec, identity);
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

                // The record is written first: a PID file without a record proves nothing.
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

    /// <summary>Adds the time of the verification and the number of restarts to the record of an instance, which may have written it itself.</summary>
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
            // The instance is verified all the same. Only the next supervisor counts its restarts from the old number.
        }

        return new DaemonInstance(instance.Identity, instance.Port, instance.StartedAt, restarts, instance.Exited);
    }

    /// <summary>Removes the files of a dead instance that <see cref="Register"/> wrote, or that a killed daemon could not remove.</summary>
    internal void Forget(DaemonInstance instance)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, instance.Port);
        try
        {
            // The holder of the lock is the next instance or its launcher, and cleans up itself.
            if (parts.Processes.IsAlive(instance.Identity) || InstanceLock.TryAcquire(files.LockFile) is not { } held)
            {
                return;
            }

            using (held)
            {
                if (InstanceRecord.Read(files.InstanceFile)?.Identity == instance.Identity)
                {
                    InstanceRecord.TryRemove(files.InstanceFile);
                }

                PidFile.RemoveIfOwn(files.PidFile, instance.Pid);
                held.DisposeAndDelete(files.LockFile);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The files stay. The next inspection reports them as stale.
        }
    }

    private InstanceRecord RecordOf(DaemonSpec spec, DaemonInstance instance)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, instance.Port);
        var group = ControlGroup.Of(instance.Pid, instance.Port);
        var id = group?.InstanceId ?? ProcessEnvironment.Get(parts.Processes, instance.Pid, InstanceRecord.EnvironmentVariable);
        return InstanceRecord.Of(
            spec with { Port = instance.Port },
            spec.Command is null ? [] : [spec.Command, .. DaemonLauncher.Arguments(spec with { Port = instance.Port }, files)],
            InstanceRecord.InstanceIdFor(instance.Port, id),
            instance.StartedAt,
            instance.RestartCount).With(instance.Identity) with { Health = spec.Health, ControlGroup = group?.Group };
    }
}
