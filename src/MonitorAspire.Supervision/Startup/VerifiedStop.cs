using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Identity.Linux;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Stops a proven instance with its process tree, and proves that port and lock are free. Signals no other process.</summary>
internal sealed class VerifiedStop(EngineParts parts)
{
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReleasePoll = TimeSpan.FromMilliseconds(5);

    internal async Task<StopReport> RunAsync(DaemonSpec spec, StopOptions options, CancellationToken cancellationToken)
    {
        var started = parts.Time.GetTimestamp();
        var files = new DaemonFiles(parts.Options.StateDirectory, spec.Port);
        var report = await StopAsync(spec, files, options, cancellationToken).ConfigureAwait(false);
        return report with { TotalMs = Math.Round(parts.Time.GetElapsedTime(started).TotalMilliseconds, 3) };
    }

    private async Task<StopReport> StopAsync(DaemonSpec spec, DaemonFiles files, StopOptions options, CancellationToken cancellationToken)
    {
        var report = new StopReport { Name = spec.Name, Port = spec.Port, Verdict = StopVerdict.Failed };
        if (TrustedPath.WhyNot(files) is { } untrusted)
        {
            return report with { Verdict = StopVerdict.PermissionDenied, Detail = $"{untrusted}; nothing was signalled" };
        }

        var located = parts.Locator.Locate(files);
        if (located.Kind is LocatedKind.None && options.Watched is { } watched)
        {
            located = parts.Locator.Locate(files, watched);
        }

        if (located.Kind is LocatedKind.None)
        {
            return await NothingOfOursAsync(spec, files, report, cancellationToken).ConfigureAwait(false);
        }

        if (located.Kind is LocatedKind.Unprovable)
        {
            return report with
            {
                Verdict = StopVerdict.Foreign,
                Detail = $"{files.LockFile} is held by {located.ProcessList}, which is no daemon of ours; nothing was signalled",
            };
        }

        if (located.Kind is LocatedKind.Launching)
        {
            return report with
            {
                Detail = $"a start of port {spec.Port} is under way (PID {located.Record!.LauncherPid}); stop that, or try again when it has its verdict",
            };
        }

        // The instance ends as it was started to end, also where its definition was changed since.
        var way = located.Record is { } record ? new TreeStopper.StopWay(record.StopMode, record.StopSignal) : new(spec.StopMode, spec.StopSignal);
        var result = await parts.Stopper.StopAsync(located.Signs, way, options.GracePeriod, options.KillTimeout, cancellationToken).ConfigureAwait(false);
        report = report with { Pid = located.Identity?.Pid, Killed = result.Killed, ProcessesSignalled = result.Signalled };
        if (result.Survivors.Count > 0)
        {
            var pids = Located.Describe(result.Survivors);
            return result.Denied.Count > 0
                ? report with { Verdict = StopVerdict.PermissionDenied, Detail = $"this user may not signal {pids}" }
                : report with { Detail = $"still there after SIGKILL: {pids}" };
        }

        return await ProveAsync(spec, files, located, report).ConfigureAwait(false);
    }

    private async Task<StopReport> NothingOfOursAsync(DaemonSpec spec, DaemonFiles files, StopReport report, CancellationToken cancellationToken)
    {
        var reading = PidFile.Read(files.PidFile);
        var addresses = await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false);
        var owner = parts.Ports.Look(addresses, spec.Port, null).Listeners.FirstOrDefault();
        if (owner is not null)
        {
            return report with
            {
                Verdict = StopVerdict.Foreign,
                Owner = owner,
                Detail = $"port {spec.Port} is served by {owner}, which is not provably ours; nothing was signalled",
            };
        }

        // Without lock, record and port, a PID file is stale. Under the lock no process can write a new one meanwhile.
        List<string> notes = addresses.Count > 0 ? [] : [$"{EngineParts.NoAddress(spec.Host)}, so it is unknown whether another process serves it"];
        if (reading.Exists)
        {
            try
            {
                using var held = InstanceLock.TryAcquire(files.LockFile);
                if (held is not null)
                {
                    parts.Stale.Clean(files, notes);
                    InstanceRecord.TryRemove(files.InstanceFile);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or StartupFailedException)
            {
                notes.Add(e.Message);
            }
        }

        return report with
        {
            Verdict = StopVerdict.NotRunning,
            Detail = notes.Count == 0 ? $"nothing of ours runs on port {spec.Port}" : $"nothing of ours runs on port {spec.Port}; {string.Join("; ", notes)}",
        };
    }

    /// <summary>Proves after the stop of the tree that the lock is free.</summary>
    private async Task<StopReport> ProveAsync(DaemonSpec spec, DaemonFiles files, Located stopped, StopReport report)
    {
        var started = parts.Time.GetTimestamp();
        var who = Who(stopped);
        while (true)
        {
            try
            {
                if (!Directory.Exists(files.StateDirectory))
                {
                    return await ReleasedAsync(spec, files, stopped, report).ConfigureAwait(false);
                }

                using var held = InstanceLock.TryAcquire(files.LockFile);
                if (held is not null)
                {
                    return await ReleasedAsync(spec, files, stopped, report).ConfigureAwait(false);
                }
            }
            catch (IOException e)
            {
                return report with { Detail = $"{who} is stopped, but its lock cannot be tested: {e.Message}" };
            }

            // The launcher of the daemon may hold the lock a moment longer, and a new start may take it.
            if (parts.Time.GetElapsedTime(started) > ReleaseTimeout)
            {
                var now = parts.Locator.Locate(files);
                var replaced = now.Kind == LocatedKind.Launching || (now.Identity is { } other && other != stopped.Identity);
                return report with
                {
                    Verdict = replaced ? StopVerdict.Stopped : StopVerdict.Failed,
                    Detail = replaced
                        ? $"{who} is stopped; another process has started a new instance since{(now.Identity is { } next ? $", PID {next.Pid}" : "")}"
                        : $"{who} is stopped, but {files.LockFile} is still held by {now.ProcessList}",
                };
            }

            await Task.Delay(ReleasePoll, parts.Time).ConfigureAwait(false);
        }
    }

    private async Task<StopReport> ReleasedAsync(DaemonSpec spec, DaemonFiles files, Located stopped, StopReport report)
    {
        var pid = stopped.Identity?.Pid;
        var who = Who(stopped);
        var reading = PidFile.Read(files.PidFile);
        if (reading.State is PidFileState.Valid && (reading.Pid == pid || parts.Processes.Lookup(reading.Pid).Presence == ProcessPresence.Dead))
        {
            AtomicFile.TryDelete(files.PidFile);
        }

        AtomicFile.TryDelete(files.InstanceFile);
        ControlGroup.Current.Remove(stopped.Record);
        var addresses = await HostAddresses.FindAsync(spec.Host, CancellationToken.None).ConfigureAwait(false);
        var listener = parts.Ports.Look(addresses, spec.Port, null).Listeners.FirstOrDefault();
        return listener is null && PortAvailability.Current.Lingering(addresses, spec.Port) is { } lingering
            ? report with { Verdict = StopVerdict.Stopped, Detail = $"{who} is stopped and its lock is free; {lingering}", IsPortFree = false }
            : listener is null
            ? report with { Verdict = StopVerdict.Stopped, Detail = $"{who} is stopped, port {spec.Port} and lock are free" }
            : report with
            {
                Verdict = StopVerdict.Stopped,
                Owner = listener,
                IsPortFree = false,
                Detail = $"{who} is stopped and its lock is free; port {spec.Port} is served by {listener}, which is not ours",
            };
    }

    private static string Who(Located stopped) => stopped.Kind == LocatedKind.Leaked
        ? $"what {stopped.DeadRoot} left ({stopped.ProcessList})"
        : $"PID {stopped.Identity!.Value.Pid}";
}
