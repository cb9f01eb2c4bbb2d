using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Inspects one daemon from outside. Changes nothing.</summary>
internal sealed class Inspector(EngineParts parts)
{
    private static readonly TimeSpan DefaultHealthTimeout = TimeSpan.FromSeconds(2);

    // The daemons of a fleet that are due together are looked at together.
    private static readonly TimeSpan ListenerAge = TimeSpan.FromMilliseconds(20);

    internal async Task<DaemonInspection> InspectAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken)
    {
        var seen = await LookAsync(spec, options, cancellationToken).ConfigureAwait(false);

        // These may quote what the daemon answered.
        var secrets = Secrets.Of(spec);
        return seen with { Detail = secrets.HideIn(seen.Detail), HealthDetail = secrets.HideIn(seen.HealthDetail), HealthBody = secrets.HideIn(seen.HealthBody) };
    }

    private async Task<DaemonInspection> LookAsync(DaemonSpec spec, InspectOptions options, CancellationToken cancellationToken)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, spec.Port);
        var located = parts.Locator.Locate(files, options.Told);
        var reading = parts.PidFiles.Read(files.PidFile);
        var seen = new DaemonInspection
        {
            Name = located.Record?.Name is { Length: > 0 } name ? name : spec.Name,
            Host = spec.Host,
            Port = spec.Port,
            Verdict = InspectionVerdict.Unknown,
            PidFileState = reading.StateName,
            PidInFile = reading.State == PidFileState.Valid ? reading.Pid : null,
            LockHeld = located.LockHeld,
            PidFile = files.PidFile,
            LogFile = files.LogFile,
            Restarts = located.Record?.RestartCount ?? 0,
        };

        return located.Kind switch
        {
            LocatedKind.Instance when parts.IsOfAnotherLauncher(spec, located) => await InspectOtherLaunchAsync(spec, located, seen, cancellationToken).ConfigureAwait(false),
            LocatedKind.Instance => await InspectInstanceAsync(spec, options, located, reading, seen, cancellationToken).ConfigureAwait(false),
            LocatedKind.Launching => seen with { Verdict = InspectionVerdict.Starting, Detail = $"being started by PID {located.Record!.LauncherPid}" },
            LocatedKind.Leaked when located.LockHeld || Serves(located.Processes, spec.Port) => seen with
            {
                Verdict = InspectionVerdict.Unhealthy,
                Reason = located.LockHeld ? StartupReason.LockUnavailable : StartupReason.PortInUse,
                Detail = $"{located.DeadRoot} is dead, but other processes of the daemon live: {located.ProcessList}",
                PidFileState = reading.State == PidFileState.Valid ? "stale" : seen.PidFileState,
            },
            LocatedKind.Unprovable => seen with
            {
                Detail = located.Processes.Count == 0
                    ? $"{files.LockFile} cannot be tested, or is held by a process that this user may not see"
                    : $"{files.LockFile} is held by {located.ProcessList}, which is no daemon of ours",
            },
            _ => await InspectNothingAsync(spec, files, reading, seen, cancellationToken).ConfigureAwait(false),
        };
    }

    private bool Serves(IReadOnlyList<ProcessInfo> processes, int port)
    {
        int[] pids = [.. processes.Select(p => p.Pid)];
        return parts.Listeners.FindOwners(port, pids).Any(l => l.Pids.Any(pids.Contains));
    }

    private async Task<DaemonInspection> InspectInstanceAsync(
        DaemonSpec spec, InspectOptions options, Located located, PidFileReading reading, DaemonInspection seen, CancellationToken cancellationToken)
    {
        var root = located.Identity!.Value;
        var addresses = await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false);
        var ownership = parts.Ports.Look(addresses, spec.Port, located.Signs, options.KeepsWatch ? ListenerAge : default);
        seen = seen with
        {
            Pid = root.Pid,
            IdentityProof = located.Proof,
            PidFileState = reading.State != PidFileState.Valid || reading.Pid == root.Pid ? reading.StateName
                : parts.Processes.Lookup(reading.Pid).Presence == ProcessPresence.Dead ? "stale"
                : "mismatch",
            IsRecordLost = located.Record?.Identity != root,
            OwnsPort = ownership.Owned,
            Contested = ownership.Owned == true ? ownership.Other : null,
            Listeners = ownership.Listeners,
            StartedAt = located.Record is { StartedAt: var at } record && record.Identity == root ? at : parts.Processes.StartTimeOf(root),
            Command = located.Record?.ShownCommand ?? [],
        };

        var hasAnswered = false;
        var problems = new List<(StartupReason Reason, string Detail)>();
        if (addresses.Count == 0)
        {
            problems.Add((StartupReason.InvalidConfiguration, EngineParts.NoAddress(spec.Host)));
        }
        else if (ownership is { Owned: not true, Other: { } other })
        {
            problems.Add((StartupReason.PortOwnedByOther, $"port {spec.Port} is served by {other}"));
        }
        else if (ownership.Owned == false)
        {
            problems.Add((StartupReason.PortNotBound, $"PID {root.Pid} does not listen on {spec.Host}:{spec.Port}"));
        }

        if (options.ProbeHealth && problems.Count == 0)
        {
            var health = await CheckHealthAsync(spec, options, located, seen.Contested is not null, cancellationToken).ConfigureAwait(false);
            hasAnswered = health.IsHealthy && health.ServedBy.Contains(root.Pid);
            seen = seen with
            {
                Healthy = health.IsHealthy,
                HealthDetail = health.Detail,
                HealthStatus = health.StatusCode,
                HealthMs = Math.Round(health.Latency.TotalMilliseconds, 3),
                IsOwnTrouble = health.IsOwnTrouble,
                HealthBody = health.ToAnswer()?.Body ?? [],
            };
            if (!health.IsHealthy && seen.Contested is not null && !health.ServedBy.Any(parts.Tree.Membership(located.Signs)))
            {
                // Every connection went to the other process, so nothing is known of the health of this one.
                seen = seen with { Healthy = null };
            }
            else if (!health.IsHealthy)
            {
                problems.Add((Reason(health.Outcome), health.Detail));
            }
        }

        if ((spec.MemoryLimitBytes is not null || options.MeasuresUse) && OperatingSystem.IsLinux())
        {
            seen = seen with { MemoryBytes = parts.Memory.Of(root, spec.MemoryLimitBytes ?? long.MaxValue), CpuMs = options.MeasuresUse ? parts.Memory.CpuOf(root)?.TotalMilliseconds : null };
        }

        // Checked last: an instance that has ended meanwhile is not unhealthy but dead. One that has just answered lives.
        if (!hasAnswered && !parts.Processes.IsAlive(root))
        {
            return seen with { Verdict = reading.Exists ? InspectionVerdict.Dead : InspectionVerdict.NotRunning, Pid = null, Detail = $"PID {root.Pid} has just ended" };
        }

        return Judge(located, seen, problems, root);
    }

    private async Task<HealthResult> CheckHealthAsync(DaemonSpec spec, InspectOptions options, Located located, bool isContested, CancellationToken cancellationToken)
    {
        // The record tells how the living instance is checked; the caller may know only its port.
        var root = located.Identity!.Value;
        var record = located.Record?.Identity == root ? located.Record : null;
        var asked = spec with
        {
            HealthPath = record?.HealthPath is { Length: > 0 } path ? path : spec.HealthPath,
            Health = record?.Health ?? spec.Health,
        };
        var limit = options.HealthTimeout ?? asked.Health.Liveness?.Timeout ?? DefaultHealthTimeout;
        try
        {
            return await new InstanceHealth(parts, asked, record)
                .CheckAsync(located.Signs, new CheckOptions(limit, isContested, KeepsWatch: options.KeepsWatch), cancellationToken).ConfigureAwait(false);
        }
        catch (StartupFailedException e)
        {
            return new HealthResult { Outcome = HealthOutcome.Unreachable, Detail = e.Message };
        }
    }

    private DaemonInspection Judge(Located located, DaemonInspection seen, List<(StartupReason Reason, string Detail)> problems, ProcessIdentity root)
    {
        var beingStarted = located.Record is { VerifiedAt: null, Launcher: { } launcher } && parts.Processes.IsAlive(launcher);
        if (problems.Count > 0)
        {
            return seen with
            {
                Verdict = beingStarted ? InspectionVerdict.Starting : InspectionVerdict.Unhealthy,
                Reason = problems[0].Reason,
                Detail = string.Join("; ", problems.Select(p => p.Detail)),
            };
        }

        // A daemon that serves without its PID file is healthy. The reason says so, and the supervisor writes the file again.
        return seen with
        {
            Verdict = InspectionVerdict.Running,
            Reason = seen.PidFileState switch
            {
                "ok" or "stale" => null,
                "mismatch" => StartupReason.PidMismatch,
                _ => StartupReason.PidFileMissing,
            },
            Detail = seen.PidFileState == "stale" ? $"PID {seen.PidInFile} has ended and PID {root.Pid} took over; 'monitor doctor --fix' writes the new PID into {seen.PidFile}"
                : seen.PidFileState != "ok" ? $"{seen.PidFile} is {seen.PidFileState}; the instance is PID {root.Pid}"
                : seen.Contested is { } other ? $"port {seen.Port} is contested: {other} listens on it too"
                : null,
        };
    }

    // A proven daemon, but the caller did not launch it and so cannot start, stop or restart it.
    private async Task<DaemonInspection> InspectOtherLaunchAsync(DaemonSpec spec, Located located, DaemonInspection seen, CancellationToken cancellationToken)
    {
        var root = located.Identity!.Value;
        var addresses = await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false);
        return seen with
        {
            Verdict = InspectionVerdict.Foreign,
            Reason = StartupReason.AlreadyRunning,
            Listeners = parts.Ports.Look(addresses, spec.Port, located.Signs).Listeners,
            Detail = $"port {spec.Port} has a daemon of ours already, PID {root.Pid} ({parts.Processes.Describe(root.Pid)?.Executable ?? "already ended"}), "
                + $"which was not launched from here; 'monitor stop --port {spec.Port} --state-dir {parts.Options.StateDirectory}' stops it",
        };
    }

    private async Task<DaemonInspection> InspectNothingAsync(
        DaemonSpec spec, DaemonFiles files, PidFileReading reading, DaemonInspection seen, CancellationToken cancellationToken)
    {
        var addresses = await HostAddresses.FindAsync(spec.Host, cancellationToken).ConfigureAwait(false);
        if (addresses.Count == 0)
        {
            return seen with
            {
                Reason = StartupReason.InvalidConfiguration,
                Detail = $"no daemon of ours; {EngineParts.NoAddress(spec.Host)}, so it is unknown which process serves it on port {spec.Port}",
            };
        }

        var listeners = parts.Ports.Look(addresses, spec.Port, null).Listeners;
        if (listeners.Count > 0)
        {
            return seen with
            {
                Verdict = InspectionVerdict.Foreign,
                Reason = StartupReason.PortOwnedByOther,
                Listeners = listeners,
                Detail = $"no daemon of ours; port {spec.Port} is served by {listeners[0]}",
            };
        }

        if (!reading.Exists)
        {
            return seen with { Verdict = InspectionVerdict.NotRunning };
        }

        if (reading.State != PidFileState.Valid)
        {
            return seen with { Verdict = InspectionVerdict.Dead, Detail = $"{files.PidFile} is {reading.StateName}, and nothing of ours runs" };
        }

        var lookup = parts.Processes.Lookup(reading.Pid);
        return lookup.Presence == ProcessPresence.CannotInspect
            ? seen with { Verdict = InspectionVerdict.Unknown, Detail = $"{files.PidFile} names PID {reading.Pid}, which this user may not inspect" }
            : seen with
            {
                Verdict = InspectionVerdict.Dead,
                PidFileState = "stale",
                Detail = lookup.Presence == ProcessPresence.Dead
                    ? $"{files.PidFile} names PID {reading.Pid}, which has ended"
                    : $"{files.PidFile} names PID {reading.Pid} ({parts.Processes.Describe(reading.Pid)?.Executable}), which neither holds the lock nor serves the port",
            };
    }

    private static StartupReason Reason(HealthOutcome outcome) => outcome switch
    {
        HealthOutcome.Status => StartupReason.HealthStatus,
        HealthOutcome.IdentityMismatch => StartupReason.HealthIdentityMismatch,
        _ => StartupReason.HealthUnreachable,
    };
}
