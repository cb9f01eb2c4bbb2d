using System.Collections.Immutable;
using System.Net;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>
/// Stage one: tries <see cref="Preflight"/> until lock and port are taken. An instance of ours that is there is replaced when that is
/// asked for; otherwise the stage waits until it is known whether that instance serves.
/// </summary>
internal sealed class PreflightStage(EngineParts parts, StartOptions options, List<string> notes, Func<TimeSpan> left)
{
    // A process that is about to end loses its socket a moment before it is gone. Only an instance that stays unhealthy for this time is unhealthy.
    private static readonly TimeSpan UnhealthyToBelieve = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LingeringLook = TimeSpan.FromSeconds(1);

    private long? _unhealthySince;
    private bool _acceptsOrphans = !options.Force && !options.StopOrphans;

    /// <summary>The instance that was stopped for this start: its PID, and the directory that it was started in.</summary>
    internal (int Pid, string? Directory)? Replaced { get; private set; }

    /// <summary>Takes lock and port, or returns the inspection of an instance of ours that serves already.</summary>
    internal async Task<(ClaimedPort? Claimed, DaemonInspection? Serving)> RunAsync(DaemonSpec spec, CancellationToken cancellationToken)
    {
        var addresses = await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false);
        if (addresses.Count == 0)
        {
            throw new StartupFailedException(StartupReason.InvalidConfiguration, EngineParts.NoAddress(spec.Host)) { IsPassing = true };
        }

        var preflight = new Preflight(parts);
        preflight.Prepare(spec, notes);
        for (var delay = RetryDelay.OfOthers; ; delay = delay.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            StartupFailedException held;
            try
            {
                return (preflight.Run(spec, addresses, notes, _acceptsOrphans), null);
            }
            catch (StartupFailedException e) when (e.IsHeld)
            {
                held = e;
            }
            catch (StartupFailedException e) when (e.Lingers is { } time && time < left())
            {
                // Not one that would outlast the time limit: the user learns at once how long it takes.
                delay = await WaitForPortAsync(spec, addresses, delay, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (await LookAsync(spec, held, cancellationToken).ConfigureAwait(false) is { } serving)
            {
                return (null, serving);
            }

            if (left() <= TimeSpan.Zero)
            {
                throw held;
            }

            await delay.WaitAsync(left(), parts.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    // To find the reason why a port lingers, the kernel walks through all connections of the machine. To bind it costs nothing, so the reason is
    // looked for again only after a second.
    private async Task<RetryDelay> WaitForPortAsync(DaemonSpec spec, IReadOnlyList<IPAddress> addresses, RetryDelay delay, CancellationToken cancellationToken)
    {
        var since = parts.Time.GetTimestamp();
        do
        {
            await delay.WaitAsync(left(), parts.Time, cancellationToken).ConfigureAwait(false);
            delay = delay.Next();
        }
        while (left() > TimeSpan.Zero && parts.Time.GetElapsedTime(since) < LingeringLook
            && addresses.Any(address => PortAvailability.TryBind(address, spec.Port) == PortState.InUse));
        return delay;
    }

    // An instance of ours is there, or another process is just starting or stopping it.
    private async Task<DaemonInspection?> LookAsync(DaemonSpec spec, StartupFailedException held, CancellationToken cancellationToken)
    {
        if (held.AreOrphans && !_acceptsOrphans && !(options.Force && held.ExistingPid is not null))
        {
            // Tried once. What cannot be stopped is in the way only where it holds lock or port.
            _acceptsOrphans = true;
            await CheckBeforeStopAsync(spec, held, cancellationToken).ConfigureAwait(false);
            var stop = await StopAsync(spec, cancellationToken).ConfigureAwait(false);
            notes.Add(stop.Detail ?? "processes of a dead instance were stopped first");
            return null;
        }

        if (options.Force && Replaced is null)
        {
            await CheckBeforeStopAsync(spec, held, cancellationToken).ConfigureAwait(false);
            await ReplaceAsync(spec, cancellationToken).ConfigureAwait(false);
            return null;
        }

        // Part of the time of this start, so that the instance may be slow, and there is time left for the report of one that hangs.
        var inspect = new InspectOptions { HealthTimeout = spec.Health.Startup?.Timeout ?? left() / 3 };
        var seen = await new Inspector(parts).InspectAsync(spec, inspect, cancellationToken).ConfigureAwait(false);
        if (seen.Verdict == InspectionVerdict.Running)
        {
            if (Replaced is not null)
            {
                notes.Add($"the new instance (PID {seen.Pid}) was started by another process, for example a supervisor");
            }

            return seen;
        }

        if (seen.Verdict != InspectionVerdict.Unhealthy || IsInItsStart(spec))
        {
            _unhealthySince = null;
            return null;
        }

        if (parts.Time.GetElapsedTime(_unhealthySince ??= parts.Time.GetTimestamp()) < UnhealthyToBelieve)
        {
            return null;
        }

        // A lock that descendants of a dead instance hold has its own message.
        throw held.Reason == StartupReason.LockUnavailable ? held : new StartupFailedException(
            StartupReason.AlreadyRunning, $"{held.Message}; it lives but is not healthy: {seen.Detail} (--force replaces it)")
        {
            ExistingPid = seen.Pid,
        };
    }

    // Its launcher was killed during the start. The instance has the rest of its time.
    private bool IsInItsStart(DaemonSpec spec) =>
        InstanceRecord.Read(new DaemonFiles(parts.Options.StateDirectory, spec.Port).InstanceFile) is { VerifiedAt: null, Pid: > 0, LauncherPid: > 0 } record
        && parts.Processes.IsAlive(record.Identity!.Value)
        && parts.Time.GetUtcNow() - record.StartedAt < options.Timeout;

    private Task<StopReport> StopAsync(DaemonSpec spec, CancellationToken cancellationToken) =>
        new VerifiedStop(parts).RunAsync(spec, new StopOptions { GracePeriod = options.StopGracePeriod }, cancellationToken);

    // What cannot start must not end what serves.
    private async Task CheckBeforeStopAsync(DaemonSpec spec, StartupFailedException held, CancellationToken cancellationToken)
    {
        try
        {
            await new LaunchCheck(parts).RunAsync(spec, freed: ImmutableHashSet<int>.Empty, cancellationToken).ConfigureAwait(false);
        }
        catch (StartupFailedException e)
        {
            throw e.With($"{e.Message}; nothing was stopped{(held.ExistingPid is { } pid ? $", PID {pid} runs on" : "")}", held.ExistingPid);
        }
    }

    private async Task ReplaceAsync(DaemonSpec spec, CancellationToken cancellationToken)
    {
        var directory = InstanceRecord.Read(new DaemonFiles(parts.Options.StateDirectory, spec.Port).InstanceFile)?.RealDirectory;
        var stop = await StopAsync(spec, cancellationToken).ConfigureAwait(false);
        switch (stop.Verdict)
        {
            case StopVerdict.Stopped:
                notes.Add($"replaced the instance that was there (PID {stop.Pid})");
                Replaced = (stop.Pid ?? 0, directory);
                break;

            case StopVerdict.NotRunning:
                break;

            default:
                throw new StartupFailedException(
                    stop.Verdict == StopVerdict.PermissionDenied ? StartupReason.PermissionDenied : StartupReason.LockUnavailable,
                    stop.Detail ?? "the instance that is there could not be stopped")
                {
                    Owner = stop.Owner,
                };
        }
    }
}
