using System.Globalization;
using System.Net;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>What a preflight that passed hands on: the lock, and the port that it is the lock of.</summary>
internal sealed record Cleared(DaemonSpec Spec, DaemonFiles Files, InstanceLock Lock, IReadOnlyList<IPAddress> Addresses) : IDisposable
{
    /// <summary>Whatever was spawned meanwhile keeps the lock; where nothing was, <see cref="InstanceLock.Dispose"/> frees it before.</summary>
    public void Dispose() => Lock.HandOver();
}

/// <summary>Stage one: the lock is taken, stale and legacy files are dealt with, and the port is free.</summary>
internal sealed class Preflight(EngineParts parts)
{
    /// <summary>Takes the lock of the port, or of the first free port of the range.</summary>
    /// <exception cref="StartupFailedException">The port cannot be had; where an instance of ours is there, with its PID.</exception>
    internal Cleared Run(DaemonSpec spec, List<string> notes)
    {
        var addresses = Resolve(spec.Host);
        try
        {
            StateDirectory.Create(parts.Options.StateDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }

        ReportLegacy(spec, notes);
        if (spec.PortRangeEnd is not { } last || last == spec.Port)
        {
            return TakePort(spec, addresses, notes);
        }

        StartupFailedException? first = null;
        for (var port = spec.Port; port <= last; port++)
        {
            try
            {
                return TakePort(spec with { Port = port, PortRangeEnd = null, Name = NameOn(port, spec) }, addresses, notes);
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

    // A daemon that is named after its port is named after the one that it got.
    private static string NameOn(int port, DaemonSpec spec) =>
        spec.Name == KnownDaemons.DefaultName(spec.Port) ? KnownDaemons.DefaultName(port) : spec.Name;

    private Cleared TakePort(DaemonSpec spec, IReadOnlyList<IPAddress> addresses, List<string> notes)
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
            // A daemon that closed its inherited descriptors lives without the lock; its record still names it.
            var located = parts.Locator.Locate(files);
            if (located.Kind == LocatedKind.Instance && located.Proof == "record")
            {
                throw Held(files, located);
            }

            parts.Stale.Clean(files, notes);
            RequireFreePort(spec, addresses);
            return new Cleared(spec, files, instanceLock, addresses);
        }
        catch (Exception)
        {
            // Nothing was spawned with it. (A daemon that lives by its record alone let go of it long ago.)
            instanceLock.Dispose();
            throw;
        }
    }

    private void RequireFreePort(DaemonSpec spec, IReadOnlyList<IPAddress> addresses)
    {
        var refused = 0;
        foreach (var address in addresses)
        {
            switch (PortAvailability.TryBind(address, spec.Port))
            {
                case PortState.InUse:
                    var owner = parts.Ports.InTheWay(addresses, spec.Port);
                    throw new StartupFailedException(
                        StartupReason.PortInUse,
                        owner is null
                            ? $"port {spec.Port} is in use on {address}; the owner could not be seen"
                            : $"port {spec.Port} is in use by {owner}")
                    {
                        Owner = owner,
                    };

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
            throw new StartupFailedException(
                StartupReason.InvalidConfiguration, $"host '{spec.Host}' stands for {string.Join(", ", addresses)}, which is no address of this machine");
        }
    }

    private void ReportLegacy(DaemonSpec spec, List<string> notes)
    {
        // Only the port that is being started is known here; doctor knows more of them.
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
        },
        LocatedKind.Leaked => new StartupFailedException(
            StartupReason.LockUnavailable,
            $"the daemon of port {files.Port} (PID {located.Identity!.Value.Pid}) is dead, but what it started lives and holds its lock: PID {Join(located.Holders)}; 'monitor stop --port {files.Port}' stops them"),
        LocatedKind.Launching => new StartupFailedException(
            StartupReason.LockUnavailable, $"another start of port {files.Port} is under way (PID {located.Record!.LauncherPid})"),
        _ => new StartupFailedException(
            StartupReason.LockUnavailable,
            located.Holders.Count == 0
                ? $"{files.LockFile} is held by a process that this user may not see"
                : $"{files.LockFile} is held by PID {Join(located.Holders)}, about which nothing can be proved"),
    };

    private StartupFailedException Unwritable(Exception e)
    {
        var error = (e as NoFollowException)?.Error;
        var reason = e is UnauthorizedAccessException || (error is { } n && Errno.IsPermission(n)) ? StartupReason.PermissionDenied
            : error == Errno.TooManyLinks ? StartupReason.InvalidConfiguration
            : File.Exists(parts.Options.StateDirectory) || error is Errno.NotADirectory or Errno.IsADirectory ? StartupReason.InvalidConfiguration
            : StartupReason.LockUnavailable;
        return new StartupFailedException(reason, $"the state directory {parts.Options.StateDirectory} cannot be used: {e.Message}");
    }

    private static IReadOnlyList<IPAddress> Resolve(string host) => HostAddresses.Find(host) is { Count: > 0 } addresses
        ? addresses
        : throw new StartupFailedException(StartupReason.InvalidConfiguration, EngineParts.NoAddress(host));

    private static string Join(IEnumerable<int> pids) => string.Join(", ", pids.Select(p => p.ToString(CultureInfo.InvariantCulture)));
}
