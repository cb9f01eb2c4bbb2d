using System.Net;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>A port that a start may use, with its lock.</summary>
internal sealed record ClaimedPort(DaemonSpec Spec, DaemonFiles Files, InstanceLock Lock, IReadOnlyList<IPAddress> Addresses) : IDisposable
{
    /// <summary>Closes this process's descriptor of the lock. An instance that inherited it keeps the lock. To free the lock, dispose of <see cref="Lock"/>.</summary>
    public void Dispose() => Lock.HandOver();
}

/// <summary>The work of stage one: takes the lock, removes stale files, migrates legacy files and checks that the port is free.</summary>
internal sealed class Preflight(EngineParts parts)
{
    /// <summary>What is done once for a start, if there is a state directory: deletes what killed writers left in it, and migrates legacy files.</summary>
    internal void Prepare(DaemonSpec spec, List<string> notes)
    {
        notes.AddRange(parts.PendingWrites.DeleteIfDue(parts.Options.StateDirectory, parts.Time.GetUtcNow()).Select(name => $"deleted {name}, which a killed process had left"));
        ReportLegacy(spec, notes);
    }

    /// <summary>One try: takes the lock of the port, or of the first free port of the range.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="addresses">The addresses that its host stands for.</param>
    /// <param name="notes">What was done.</param>
    /// <param name="acceptsOrphans">Whether processes of a dead instance may live on, as long as they hold neither lock nor port.</param>
    /// <exception cref="StartupFailedException">The port cannot be used. Where an instance of ours has it, with its PID.</exception>
    internal ClaimedPort Run(DaemonSpec spec, IReadOnlyList<IPAddress> addresses, List<string> notes, bool acceptsOrphans = true)
    {
        // Again before each try: the directory may be removed while the start waits.
        RequireStateDirectory();
        if (spec.PortRangeEnd is not { } last || last == spec.Port)
        {
            return TakePort(spec, addresses, notes, acceptsOrphans);
        }

        StartupFailedException? first = null;
        for (var port = spec.Port; port <= last; port++)
        {
            try
            {
                return TakePort(spec with { Port = port, PortRangeEnd = null, Name = NameOn(port, spec) }, addresses, notes, acceptsOrphans);
            }
            catch (StartupFailedException e) when (e.Reason is StartupReason.PortInUse or StartupReason.AlreadyRunning
                or StartupReason.LockUnavailable or StartupReason.PidMismatch or StartupReason.PermissionDenied)
            {
                first ??= e;
            }
        }

        throw new StartupFailedException(
            first!.Reason == StartupReason.PermissionDenied ? StartupReason.PermissionDenied : StartupReason.PortInUse,
            $"no free port in {spec.Port}-{last}: all {last - spec.Port + 1} are taken (the first: {first.Message})")
        {
            Owner = first.Owner,
        };
    }

    private void RequireStateDirectory()
    {
        if (StateDirectory.WhyUnusable(parts.Options.StateDirectory) is { } unusable)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, unusable) { IsPassing = true };
        }

        try
        {
            StateDirectory.Create(parts.Options.StateDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    // A daemon with the default name is named after the port that it got.
    private static string NameOn(int port, DaemonSpec spec) =>
        spec.Name == DaemonSpec.DefaultName(spec.Port) ? DaemonSpec.DefaultName(port) : spec.Name;

    private ClaimedPort TakePort(DaemonSpec spec, IReadOnlyList<IPAddress> addresses, List<string> notes, bool acceptsOrphans)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, spec.Port);
        InstanceLock? instanceLock;
        try
        {
            instanceLock = InstanceLock.TryAcquire(files.LockFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }

        if (instanceLock is null)
        {
            throw Held(files, parts.Locator.Locate(files));
        }

        try
        {
            // A daemon that has closed its inherited descriptors does not hold the lock. Its instance id still proves it.
            var located = parts.Locator.Locate(files, lockIsMine: true);
            if (located.Kind == LocatedKind.Instance || (located.Kind == LocatedKind.Leaked && !acceptsOrphans))
            {
                throw Held(files, located);
            }

            parts.Stale.Clean(files, notes);
            RequireFreePort(spec, addresses, located);
            if (located.Kind == LocatedKind.Leaked)
            {
                notes.Add($"{located.DeadRoot} is dead, but other processes of it live on and are not watched any more: {located.ProcessList}");
            }

            return new ClaimedPort(spec, files, instanceLock, addresses);
        }
        catch (Exception)
        {
            // No process has inherited it.
            instanceLock.Dispose();
            throw;
        }
    }

    /// <summary>Requires that the port can be bound. What is located is what is left of an earlier instance, if anything is known of one.</summary>
    /// <exception cref="StartupFailedException">The port may not be bound, or another process has it.</exception>
    internal void RequireFreePort(DaemonSpec spec, IReadOnlyList<IPAddress> addresses, Located? located = null)
    {
        var refused = 0;
        foreach (var address in addresses)
        {
            switch (PortAvailability.TryBind(address, spec.Port))
            {
                case PortState.InUse:
                    if (parts.Ports.InTheWay(addresses, spec.Port) is not { } owner)
                    {
                        throw Lingering(addresses, spec.Port);
                    }

                    throw located is { Kind: LocatedKind.Leaked } && located.Processes.Any(p => p.Pid == owner.Pid)
                        ? Held(new DaemonFiles(parts.Options.StateDirectory, spec.Port), located)
                        : new StartupFailedException(StartupReason.PortInUse, $"port {spec.Port} is in use by {owner}") { Owner = owner };

                case PortState.PermissionDenied:
                    throw new StartupFailedException(
                        StartupReason.PermissionDenied,
                        spec.Port < 1024
                            ? $"port {spec.Port} may not be bound by this user: ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)"
                            : $"port {spec.Port} on {address} may not be bound by this user");

                case PortState.AddressNotAvailable:
                    refused++;
                    break;
            }
        }

        if (refused == addresses.Count)
        {
            throw NotOurAddress(spec, addresses);
        }
    }

    internal static StartupFailedException NotOurAddress(DaemonSpec spec, IReadOnlyList<IPAddress> addresses) =>
        new(StartupReason.InvalidConfiguration, $"host '{spec.Host}' stands for {string.Join(", ", addresses)}, which is no address of this machine")
        {
            IsPassing = true, // a network interface may come later
        };

    private StartupFailedException Lingering(IReadOnlyList<IPAddress> addresses, int port)
    {
        var lingering = new PortAvailability(parts.Listeners).Lingering(addresses, port) ?? new LingeringPort(port, 0, TimeSpan.Zero);
        return new StartupFailedException(StartupReason.PortInUse, lingering.ToString()) { Lingers = lingering.Longest, IsPassing = true };
    }

    private void ReportLegacy(DaemonSpec spec, List<string> notes)
    {
        // Only the ports of this start are considered here. The doctor considers all known ports.
        var last = spec.PortRangeEnd ?? spec.Port;
        foreach (var (message, _) in parts.Legacy.Migrate(parts.Options.StateDirectory, Enumerable.Range(spec.Port, last - spec.Port + 1)))
        {
            notes.Add(message);
        }
    }

    private static StartupFailedException Held(DaemonFiles files, Located located) => located.Kind switch
    {
        LocatedKind.Instance => new StartupFailedException(
            StartupReason.AlreadyRunning, $"port {files.Port} already has a daemon of ours: PID {located.Identity!.Value.Pid}")
        {
            ExistingPid = located.Identity!.Value.Pid,
            IsHeld = true,

            // Only a child is left, which did not take over.
            AreOrphans = located.Record?.Identity is { } recorded && recorded != located.Identity,
        },
        LocatedKind.Leaked => new StartupFailedException(
            StartupReason.LockUnavailable,
            $"the daemon of port {files.Port} ({located.DeadRoot}) is dead, but other processes of it live and hold its {(located.LockHeld ? "lock" : "port")}: "
            + $"{located.ProcessList}; 'monitor stop --port {files.Port}' stops them")
        {
            IsHeld = true,
            AreOrphans = true,
        },
        LocatedKind.Launching => new StartupFailedException(
            StartupReason.LockUnavailable, $"another start of port {files.Port} is under way (PID {located.Record!.LauncherPid})")
        {
            IsHeld = true,
        },
        _ => new StartupFailedException(
            StartupReason.LockUnavailable, $"{files.LockFile} is held by {located.ProcessList}, which is no daemon of ours")
        {
            IsHeld = true,
        },
    };

    private StartupFailedException Unwritable(Exception e)
    {
        var error = (e as NoFollowException)?.Error;
        var reason = e is UnauthorizedAccessException || (error is { } n && Errno.IsPermission(n)) ? StartupReason.PermissionDenied
            : error == Errno.TooManyLinks || error == Errno.NameTooLong || e is PathTooLongException ? StartupReason.InvalidConfiguration
            : File.Exists(parts.Options.StateDirectory) || error is Errno.NotADirectory or Errno.IsADirectory or Errno.Invalid ? StartupReason.InvalidConfiguration
            : StartupReason.LockUnavailable;
        return new StartupFailedException(reason, $"the state directory {parts.Options.StateDirectory} cannot be used: {e.Message}") { IsPassing = true };
    }
}
