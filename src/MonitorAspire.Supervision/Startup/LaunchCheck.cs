using System.Net;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// Checks what a start needs, as far as that can be known while another instance of the daemon runs. A replacement that would fail is found
/// before the instance that serves is stopped.
/// </summary>
internal sealed class LaunchCheck(EngineParts parts)
{
    // Record, PID file and definition need less than this.
    private const int SpaceNeeded = 16 * 1024;

    /// <summary>Checks definition, state directory, command, working directory, log and port. Leaves nothing behind.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="freed">Ports of other daemons that are stopped before this one starts.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    /// <exception cref="StartupFailedException">The start would fail.</exception>
    internal async Task RunAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken)
    {
        if (FleetTopology.Validate(spec) is { } invalid)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, invalid);
        }

        var files = new DaemonFiles(parts.Options.StateDirectory, spec.Port);
        if (TrustedPath.WhyNot(files) is { } untrusted)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, untrusted);
        }

        RequireCommand(spec, files);
        RequireLog(files);
        RequireSpace(files);
        await RequirePortAsync(spec, freed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Checks command, working directory, environment files, user and limits. Writes nothing.</summary>
    /// <exception cref="StartupFailedException">The start would fail.</exception>
    internal void RequireCommand(DaemonSpec spec, DaemonFiles files)
    {
        var plan = DaemonLauncher.Plan(spec, files, parts.Options.BuiltInDaemonPath, parts.Options.DaemonEnvironment, instanceId: "");
        ExecutableCheck.Require(plan);
        LaunchPrefix.Require(plan, spec);
        if (spec.Health is { Kind: HealthCheckKind.Command, Command: { } check })
        {
            try
            {
                ExecutableCheck.Require(DaemonLauncher.Plan(spec with { Command = check }, files, builtInDaemon: null, parts.Options.DaemonEnvironment, instanceId: ""));
            }
            catch (StartupFailedException e)
            {
                throw e.With($"the health check cannot be made: {e.Message}");
            }
        }
    }

    /// <summary>Refuses a log that is no regular file. A daemon must not write into a pipe or a device that has the log's name.</summary>
    internal static void RequireLog(DaemonFiles files)
    {
        if (OperatingSystem.IsWindows() || FileStatus.Of(files.LogFile, follow: false) is not { } status)
        {
            return;
        }

        if (!status.IsFile)
        {
            var kind = status.IsDirectory ? "a directory" : status.IsLink ? "a symbolic link, which is not followed" : "a pipe or a device";
            throw new StartupFailedException(StartupReason.InvalidConfiguration, $"the log {files.LogFile} is {kind}; move it away");
        }

        if (!PathAccess.MayWrite(files.LogFile))
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"this user may not write to the log {files.LogFile}");
        }
    }

    // Files are replaced by a temporary file and a rename, so a small temporary file shows permission and space.
    private static void RequireSpace(DaemonFiles files)
    {
        try
        {
            PendingFile.Write(files.InstanceFile, new byte[SpaceNeeded]).Dispose();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartupFailedException(StartupReason.PermissionDenied, $"this user may not write to {files.StateDirectory}: {e.Message}") { IsPassing = true };
        }
        catch (IOException e)
        {
            throw new StartupFailedException(StartupReason.LockUnavailable, $"{files.StateDirectory} cannot be written: {e.Message}") { IsPassing = true };
        }
    }

    private async Task RequirePortAsync(DaemonSpec spec, IReadOnlySet<int> freed, CancellationToken cancellationToken)
    {
        var addresses = await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false);
        if (addresses.Count == 0)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, EngineParts.NoAddress(spec.Host)) { IsPassing = true };
        }

        RequireOwnAddress(spec, addresses);
        StartupFailedException? first = null;
        for (var port = spec.Port; port <= (spec.PortRangeEnd ?? spec.Port); port++)
        {
            // The instance that is replaced frees its port itself.
            if (freed.Contains(port) || parts.Locator.Locate(new DaemonFiles(parts.Options.StateDirectory, port)).Kind is LocatedKind.Instance or LocatedKind.Leaked)
            {
                return;
            }

            try
            {
                new Preflight(parts).RequireFreePort(spec with { Port = port }, addresses);
                return;
            }
            catch (StartupFailedException e) when (e.Lingers is not null)
            {
                // The start waits for it.
                return;
            }
            catch (StartupFailedException e)
            {
                first ??= e;
            }
        }

        throw first!;
    }

    private static void RequireOwnAddress(DaemonSpec spec, IReadOnlyList<IPAddress> addresses)
    {
        if (addresses.All(address => PortAvailability.TryBind(address, port: 0) == PortState.AddressNotAvailable))
        {
            throw Preflight.NotOurAddress(spec, addresses);
        }
    }
}
