using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Finds the living instance that an earlier supervisor left.</summary>
internal sealed class Adoption(FleetParts parts, ILauncher launcher)
{
    /// <summary>
    /// The instance that can be adopted, or <see langword="null"/> where the daemon has to be started. With trouble of the supervisor itself
    /// nothing is known, so it looks again until the trouble is over.
    /// </summary>
    public async Task<AdoptableInstance?> FindAsync(DaemonSpec spec, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (found, trouble) = await LookAsync(spec, cancellationToken).ConfigureAwait(false);
            parts.OwnTrouble.Report(spec.Name, trouble);
            if (trouble is null)
            {
                return found;
            }

            await parts.DelayAsync(parts.Options.LookInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(AdoptableInstance? Found, string? Trouble)> LookAsync(DaemonSpec spec, CancellationToken cancellationToken)
    {
        try
        {
            var found = await FindOnceAsync(spec, cancellationToken).ConfigureAwait(false);

            // Without descriptors, a record and a lock that are there look missing.
            var isBlind = found is null ? DescriptorLimit.IsReached() : found.Seen.IsOwnTrouble;
            return (found, isBlind ? DaemonProbe.NoDescriptors : null);
        }
        catch (Exception e) when (DescriptorLimit.IsReachedBy(e) && !cancellationToken.IsCancellationRequested)
        {
            return (null, DaemonProbe.NoDescriptors);
        }
    }

    private async Task<AdoptableInstance?> FindOnceAsync(DaemonSpec spec, CancellationToken cancellationToken)
    {
        if (Attach(spec) is not var (onPort, instance) || !launcher.CanAdopt(instance))
        {
            return null;
        }

        var inspect = new InspectOptions { HealthTimeout = parts.ProbeOf(spec).Timeout, KeepsWatch = true };
        var seen = await parts.Engine.InspectAsync(onPort, inspect, cancellationToken).ConfigureAwait(false);

        // Where the wall clock was set back since the start, the age is not known.
        var age = parts.Time.GetUtcNow() - instance.StartedAt is var passed && passed > TimeSpan.Zero ? passed : TimeSpan.Zero;
        if (seen.Verdict is not (InspectionVerdict.Running or InspectionVerdict.Dead or InspectionVerdict.NotRunning) && age < parts.Options.StartTimeout)
        {
            // Its supervisor went away during the start. The instance has the rest of its time before it counts as unhealthy.
            var options = new StartOptions { Timeout = parts.Options.StartTimeout - age };
            using var verification = new InstanceVerification(parts, onPort, options, controller: null);
            await verification.RunAsync(ask: false, cancellationToken).ConfigureAwait(false);
            seen = await parts.Engine.InspectAsync(onPort, inspect, cancellationToken).ConfigureAwait(false);
        }

        return seen.Verdict is InspectionVerdict.Dead or InspectionVerdict.NotRunning || instance.Exited.IsCompleted ? null : new(onPort, instance, seen);
    }

    // With a port range, the record with the daemon's name says which port was chosen.
    private (DaemonSpec OnPort, DaemonInstance Instance)? Attach(DaemonSpec spec)
    {
        for (var port = spec.Port; port <= (spec.PortRangeEnd ?? spec.Port); port++)
        {
            var onPort = spec with { Port = port, PortRangeEnd = null };
            if ((spec.PortRangeEnd is null || KnownDaemons.Record(parts.Options.StateDirectory, port)?.Name == spec.Name)
                && parts.Engine.Attach(onPort) is { } instance)
            {
                return (onPort, instance);
            }
        }

        return null;
    }
}

/// <summary>A living instance that an earlier supervisor left.</summary>
internal sealed record AdoptableInstance(DaemonSpec Spec, DaemonInstance Instance, DaemonInspection Seen)
{
    /// <summary>Whether it serves and is healthy.</summary>
    public bool IsHealthy => Seen.Verdict == InspectionVerdict.Running;
}
