using System.Globalization;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Probes;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>One verified start: five stages, one process, one verdict.</summary>
internal sealed class VerifiedStart(EngineParts parts, DaemonSpec requested, StartOptions options, ILogger logger) : IDisposable
{
    // How often a foreign listener must be seen before it is believed: the look at the sockets and the look at the descriptors
    // are two moments, and a daemon may have just opened its socket in between.
    private const int SightingsToBelieve = 3;

    // A process that is just dying has lost its socket before it is gone: what stays like that is unhealthy.
    private static readonly TimeSpan UnhealthyToBelieve = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(2);

    private readonly List<string> _notes = [];
    private readonly StartupTimeline _timeline = new(requested, options.Attempt, parts.Time);
    private readonly DateTimeOffset _startedAt = parts.Time.GetUtcNow();
    private DaemonSpec _spec = requested;
    private Cleared? _cleared;
    private StartingInstance? _instance;
    private long _logOffset;
    private bool? _owned;
    private bool _pidFileWritten;

    /// <summary>Set by the health stage: what the last probe saw, for a time-out that must say more than "timed out".</summary>
    private HealthResult? _lastHealth;

    public void Dispose()
    {
        _cleared?.Dispose();
        _timeline.Dispose();
    }

    /// <summary>Carries out the stages after the caller's preflight loop gave way. Never throws for anything about the daemon.</summary>
    internal async Task<StartOutcome> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (FleetTopology.Validate(_spec) is { } invalid)
            {
                Enter(StartupStage.Preflight);
                throw new StartupFailedException(StartupReason.InvalidConfiguration, invalid);
            }

            if (TrustedPath.WhyNot(new DaemonFiles(parts.Options.StateDirectory, _spec.Port)) is { } untrusted)
            {
                Enter(StartupStage.Preflight);
                throw new StartupFailedException(StartupReason.PermissionDenied, untrusted);
            }

            if (await PreflightAsync(cancellationToken).ConfigureAwait(false) is { } existing)
            {
                return AlreadyRunning(existing);
            }

            Spawn();
            await UntilAsync(StartupStage.PidFile, CheckPidFile, cancellationToken).ConfigureAwait(false);
            await UntilAsync(StartupStage.PortBound, CheckPort, cancellationToken).ConfigureAwait(false);
            await UntilAsync(StartupStage.Health, null, cancellationToken).ConfigureAwait(false);
            return Verified();
        }
        catch (StartupFailedException e)
        {
            return await FailedAsync(e).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return await FailedAsync(new StartupFailedException(StartupReason.Cancelled, "the start was cancelled")).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The state directory went away or filled up under us.
            var reason = e is UnauthorizedAccessException ? StartupReason.PermissionDenied
                : _timeline.Stage == StartupStage.PidFile ? StartupReason.PidFileMissing
                : StartupReason.LockUnavailable;
            return await FailedAsync(new StartupFailedException(reason, $"a state file cannot be written: {e.Message}")).ConfigureAwait(false);
        }
    }

    private TimeSpan Left => options.Timeout - _timeline.Elapsed;

    private void Enter(StartupStage stage)
    {
        _timeline.Enter(stage);
        options.StageEntered?.Invoke(stage, _instance?.Root.Pid);
    }

    /// <summary>Takes lock and port, or returns the inspection of an instance of ours that serves already.</summary>
    private async Task<DaemonInspection?> PreflightAsync(CancellationToken cancellationToken)
    {
        Enter(StartupStage.Preflight);
        var inspector = new Inspector(parts);
        var replaced = false;
        long? unhealthySince = null;
        for (var delay = FirstDelay; ; delay = Longer(delay))
        {
            cancellationToken.ThrowIfCancellationRequested();
            StartupFailedException held;
            try
            {
                _cleared = new Preflight(parts).Run(_spec, _notes);
                _spec = _cleared.Spec;
                _timeline.Leave();
                return null;
            }
            catch (StartupFailedException e) when (e.Reason is StartupReason.AlreadyRunning or StartupReason.LockUnavailable)
            {
                held = e;
            }

            // An instance of ours is there, or is just being started or stopped by somebody else: look until that is settled.
            var seen = await inspector.InspectAsync(_spec, new InspectOptions { HealthTimeout = HealthTimeout }, cancellationToken).ConfigureAwait(false);
            if (options.Force && !replaced)
            {
                replaced = await ReplaceAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (seen.Verdict == InspectionVerdict.Running)
            {
                if (replaced)
                {
                    // That is what was asked for, by other hands.
                    _notes.Add($"the next one (PID {seen.Pid}) was started by somebody else, as a supervisor does");
                }

                return seen;
            }
            else if (seen.Verdict != InspectionVerdict.Unhealthy)
            {
                unhealthySince = null;
            }
            else if (parts.Time.GetElapsedTime(unhealthySince ??= parts.Time.GetTimestamp()) >= UnhealthyToBelieve)
            {
                // What a dead instance left behind has its own words.
                throw held.Reason == StartupReason.LockUnavailable ? held : new StartupFailedException(
                    StartupReason.AlreadyRunning, $"{held.Message}; it lives but is not healthy: {seen.Detail} (--force replaces it)")
                {
                    ExistingPid = seen.Pid,
                };
            }

            if (Left <= TimeSpan.Zero)
            {
                throw held;
            }

            await Task.Delay(delay < Left ? delay : Left, parts.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> ReplaceAsync(CancellationToken cancellationToken)
    {
        var stop = await new VerifiedStop(parts).RunAsync(
            _spec, new StopOptions { GracePeriod = options.StopGracePeriod }, cancellationToken).ConfigureAwait(false);
        switch (stop.Verdict)
        {
            case StopVerdict.Stopped:
                _notes.Add($"replaced the instance that was there (PID {stop.Pid})");
                return true;

            case StopVerdict.NotRunning:
                return false;

            case StopVerdict.PermissionDenied:
                throw new StartupFailedException(StartupReason.PermissionDenied, stop.Detail ?? "the instance that is there may not be stopped by this user");

            default:
                throw new StartupFailedException(StartupReason.LockUnavailable, stop.Detail ?? "the instance that is there could not be stopped") { Owner = stop.Owner };
        }
    }

    private void Spawn()
    {
        Enter(StartupStage.Spawn);
        var files = _cleared!.Files;
        var id = InstanceRecord.NewInstanceId(_spec.Port);
        var plan = DaemonLauncher.Plan(_spec, files, parts.Options, id, out var failure)
            ?? throw new StartupFailedException(failure.Reason, failure.Detail);

        var launcher = parts.Processes.Identify(Environment.ProcessId);
        var record = new InstanceRecord
        {
            BootId = parts.Processes.BootId,
            InstanceId = id,
            Name = _spec.Name,
            Host = _spec.Host,
            Port = _spec.Port,
            HealthPath = _spec.HealthPath,
            Command = [plan.Executable, .. plan.Arguments],
            WorkingDirectory = plan.WorkingDirectory ?? Directory.GetCurrentDirectory(),
            StartedAt = _startedAt,
            RestartCount = options.RestartCount,
            LauncherPid = launcher?.Pid ?? 0,
            LauncherStartTicks = launcher?.StartTicks ?? 0,
        };

        // Before the process, so that whoever finds the lock held in between knows by whom.
        record.Write(files.InstanceFile);
        var (traceParent, traceState) = _timeline.Context;
        SetOrRemove(plan.Environment, "TRACEPARENT", traceParent);
        SetOrRemove(plan.Environment, "TRACESTATE", traceState);

        var (log, offset) = DaemonLog.OpenForInstance(files.LogFile, parts.Options.LogRotateBytes, parts.Options.LogFilesKept);
        _logOffset = offset;
        using (log)
        {
            var pid = DaemonLauncher.Launch(plan, log, _cleared.Lock, out failure);
            if (pid == 0)
            {
                throw new StartupFailedException(failure.Reason, failure.Detail);
            }

            // Not reaped yet, so even one that died at once still has its identity.
            var identity = parts.Processes.Describe(pid)?.Identity ?? new ProcessIdentity(pid, 0, parts.Processes.BootId);
            var exited = ProcessExits.OfChild(pid);
            _instance = new StartingInstance(
                parts, _cleared, record with { Pid = identity.Pid, StartTicks = identity.StartTicks, BootId = identity.BootId }, exited);
        }

        _instance.Save();
        StartupLog.Spawned(logger, _spec.Name, _spec.Port, _instance.Root.Pid, plan.Executable);
        _timeline.Leave();
    }

    /// <summary>Repeats a stage's check, finely at first, until it passes, the process ends, the time is up or the caller gives up.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="check">True when passed; throws when there is no hope. <see langword="null"/> for the health check, which waits itself.</param>
    /// <param name="cancellationToken">The caller's.</param>
    private async Task UntilAsync(StartupStage stage, Func<bool>? check, CancellationToken cancellationToken)
    {
        Enter(stage);
        for (var delay = FirstDelay; ; delay = Longer(delay))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_instance!.Exited.IsCompleted && !_instance.FollowFork())
            {
                throw Exited();
            }

            if (check?.Invoke() ?? await CheckHealthAsync(cancellationToken).ConfigureAwait(false))
            {
                _timeline.Leave();
                return;
            }

            if (Left <= TimeSpan.Zero)
            {
                throw TimedOut(stage);
            }

            await Task.WhenAny(_instance.Exited, Task.Delay(delay < Left ? delay : Left, parts.Time, cancellationToken)).ConfigureAwait(false);
        }
    }

    private bool CheckPidFile()
    {
        var files = _cleared!.Files;
        if (_spec.EffectivePidFileWriter == PidFileWriter.Launcher)
        {
            PidFile.Write(files.PidFile, _instance!.Root.Pid);
            return _pidFileWritten = true;
        }

        var reading = PidFile.Read(files.PidFile);
        return reading.State == PidFileState.Valid && (reading.Pid == _instance!.Root.Pid || _instance.TryMoveTo(reading.Pid));
    }

    private int _foreignSightings;

    private bool CheckPort()
    {
        var sight = parts.Ports.Look(_cleared!.Addresses, _spec.Port, _instance!.Root, _instance.InstanceId);
        _owned = sight.Owned;
        if (sight.Other is null)
        {
            _foreignSightings = 0;
            return sight.Owned != false;
        }

        if (++_foreignSightings >= SightingsToBelieve)
        {
            throw new StartupFailedException(
                StartupReason.PortOwnedByOther,
                sight.Owned == true
                    ? $"PID {_instance.Root.Pid} listens on port {_spec.Port}, but so does {sight.Other}"
                    : $"port {_spec.Port} is listened on by {sight.Other}, not by PID {_instance.Root.Pid}")
            {
                Owner = sight.Other,
            };
        }

        return false;
    }

    private async Task<bool> CheckHealthAsync(CancellationToken cancellationToken)
    {
        // The death of the process ends the start at once, also in the middle of a request.
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var isMember = parts.Tree.Membership(_instance!.Root, _instance.InstanceId);
        var limit = Left < HealthTimeout ? Left : HealthTimeout;
        var request = new HealthRequest
        {
            Host = _spec.Host,
            Port = _spec.Port,
            Path = _spec.HealthPath,
            IsExpectedPid = isMember,
            LikelyPids = [_instance.Root.Pid],
            Timeout = limit > TimeSpan.Zero ? limit : TimeSpan.FromMilliseconds(1),
        };
        var probe = parts.Health.ProbeAsync(request, ended.Token);
        await Task.WhenAny(probe, _instance.Exited).ConfigureAwait(false);
        if (!probe.IsCompleted)
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await probe.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
            return false;
        }

        var result = await probe.ConfigureAwait(false);

        // A last request that the time limit cut short says less than the answer before it.
        if (_lastHealth is null || result.StatusCode is not null || limit == HealthTimeout)
        {
            _lastHealth = result;
        }

        return result.IsHealthy && StillTheSame();
    }

    /// <summary>All stages, and all of them for the same process: what passed before must hold at the end.</summary>
    private bool StillTheSame()
    {
        if (_instance!.Exited.IsCompleted)
        {
            return false;
        }

        var reading = PidFile.Read(_cleared!.Files.PidFile);
        return reading.State == PidFileState.Valid && reading.Pid == _instance.Root.Pid ? CheckPort() : RewritePidFile(reading);
    }

    private bool RewritePidFile(PidFileReading reading)
    {
        // A daemon that forked after its PID file was checked: the launcher's file follows, the daemon's own file is its business.
        if (_pidFileWritten && reading.State == PidFileState.Valid)
        {
            PidFile.Write(_cleared!.Files.PidFile, _instance!.Root.Pid);
        }
        else if (reading.State == PidFileState.Valid)
        {
            _instance!.TryMoveTo(reading.Pid);
        }

        return false;
    }

    private StartupFailedException Exited()
    {
        var exit = _instance!.Exited.Result;
        var where = _timeline.Stage == StartupStage.Health ? "before it was healthy"
            : _timeline.Stage == StartupStage.PortBound ? $"before it listened on port {_spec.Port}"
            : "before it wrote its PID file";
        var sight = parts.Ports.Look(_cleared!.Addresses, _spec.Port, null, null);

        // The built-in daemon says why by its exit code.
        var cannotBind = _spec.Command is null && exit.ExitCode == DaemonExitCodes.CannotBind;
        return new StartupFailedException(
            cannotBind ? StartupReason.PortInUse
            : _spec.Command is null && exit.ExitCode == DaemonExitCodes.NoPermission ? StartupReason.PermissionDenied
            : _spec.Command is null && exit.ExitCode == DaemonExitCodes.BadConfiguration ? StartupReason.InvalidConfiguration
            : StartupReason.ExitedPrematurely,
            $"PID {_instance.Root.Pid} ended with {exit} {where}{(sight.Other is { } other ? $"; the port is taken by {other}" : "")}")
        {
            ExitCode = exit.ExitCode,
            Signal = exit.Signal,
            Owner = sight.Other,
        };
    }

    /// <summary>The time is up. What was seen decides between the plain time-out and a reason that says more.</summary>
    private StartupFailedException TimedOut(StartupStage stage)
    {
        var limit = string.Create(CultureInfo.InvariantCulture, $"{options.Timeout.TotalSeconds:0.###} s");
        var root = _instance!.Root;
        switch (stage)
        {
            case StartupStage.PidFile:
                var reading = PidFile.Read(_cleared!.Files.PidFile);
                if (reading.State == PidFileState.Valid)
                {
                    return new(StartupReason.PidMismatch, $"{_cleared.Files.PidFile} names PID {reading.Pid}, which does not belong to PID {root.Pid}, after {limit}");
                }

                return parts.Ports.Look(_cleared.Addresses, _spec.Port, root, _instance.InstanceId).Owned == true
                    ? new(StartupReason.PidFileMissing, $"PID {root.Pid} listens on port {_spec.Port}, but {_cleared.Files.PidFile} is {reading.StateName} after {limit}")
                    : new(StartupReason.TimedOut, $"PID {root.Pid} lives, but {_cleared.Files.PidFile} is {reading.StateName} after {limit}");

            case StartupStage.PortBound:
                var elsewhere = parts.Ports.ListensOn(root, _instance.InstanceId);
                return elsewhere.Count > 0
                    ? new(StartupReason.PortNotBound, $"PID {root.Pid} listens on {string.Join(", ", elsewhere)}, not on {_spec.Host}:{_spec.Port}, after {limit}")
                    : new(StartupReason.TimedOut, $"PID {root.Pid} lives, but listens on nothing after {limit}");

            default:
                return HealthTimedOut(root.Pid, limit);
        }
    }

    private StartupFailedException HealthTimedOut(int pid, string limit) => _lastHealth?.Outcome switch
    {
        HealthOutcome.Status => new(StartupReason.HealthStatus, $"{_spec.HealthPath} of PID {pid} still answers {_lastHealth.Detail} after {limit}"),
        HealthOutcome.IdentityMismatch => new(StartupReason.HealthIdentityMismatch, $"{_spec.HealthPath} on port {_spec.Port} answers for somebody else: {_lastHealth.Detail}"),
        HealthOutcome.Unreachable => new(StartupReason.HealthUnreachable, $"PID {pid} owns port {_spec.Port}, but {_spec.HealthPath} cannot be reached after {limit}: {_lastHealth.Detail}"),
        _ => new(StartupReason.TimedOut, $"PID {pid} owns port {_spec.Port}, but {_spec.HealthPath} gives no answer within {limit}"),
    };

    private StartOutcome Verified()
    {
        var verifiedAt = parts.Time.GetUtcNow();
        _instance!.Save(verifiedAt);
        var root = _instance.Root;

        // From here on the lock lives with the instance alone.
        _cleared!.Lock.HandOver();
        var report = Report(StartupVerdict.Verified) with { VerifiedAt = verifiedAt, Pid = root.Pid, OwnershipVerified = _owned == true };
        _timeline.Complete(report);
        StartupLog.Verified(logger, _spec.Name, _spec.Port, root.Pid, report.TotalMs);
        return new StartOutcome(report, new DaemonInstance(root, _spec.Port, _startedAt, options.RestartCount, _instance.Exited));
    }

    private StartOutcome AlreadyRunning(DaemonInspection seen)
    {
        var instance = new Attachment(parts).Attach(_spec);
        _timeline.Leave();
        var report = Report(StartupVerdict.AlreadyRunning) with
        {
            Reason = StartupReason.AlreadyRunning,
            Detail = $"already running and healthy: PID {seen.Pid}",
            Pid = seen.Pid,
            OwnershipVerified = seen.OwnsPort == true,
            StartedAt = seen.StartedAt,
        };
        _timeline.Complete(report);
        return new StartOutcome(report, instance);
    }

    private async Task<StartOutcome> FailedAsync(StartupFailedException failure)
    {
        _timeline.Leave(failure);
        var stage = _timeline.Stage;
        var detail = failure.Message;
        var logTail = _instance is null ? [] : DaemonLog.Tail(_cleared!.Files.LogFile, parts.Options.LogTailLines, _logOffset);
        if (_instance is not null)
        {
            (var left, detail) = await CleanUpAsync(detail).ConfigureAwait(false);
            if (!left)
            {
                _cleared!.Lock.Dispose();
            }

            if (logTail.Count == 0)
            {
                // What it had to say it may have said while it was stopped.
                logTail = DaemonLog.Tail(_cleared!.Files.LogFile, parts.Options.LogTailLines, _logOffset);
            }
        }

        if (_cleared is not null)
        {
            if (_instance is null)
            {
                AtomicFile.TryDelete(_cleared.Files.InstanceFile);
                _cleared.Lock.Dispose();
            }

            _cleared.Lock.HandOver();
        }

        var report = Report(StartupVerdict.Failed) with
        {
            Stage = stage,
            Reason = failure.Reason,
            Detail = detail,
            Pid = _instance?.Root.Pid ?? failure.ExistingPid,
            ExitCode = failure.ExitCode,
            Signal = failure.Signal,
            Owner = failure.Owner,
            LogTail = logTail,
        };
        _timeline.Complete(report);
        StartupLog.Failed(logger, _spec.Name, _spec.Port, failure.Reason, stage, detail);
        return new StartOutcome(report, null);
    }

    /// <summary>Stops what was started, the whole tree, and removes our own files. The launcher still has the lock.</summary>
    /// <returns>Whether something could not be stopped, and the detail with its PIDs added.</returns>
    private async Task<(bool Left, string Detail)> CleanUpAsync(string detail)
    {
        var stopped = await parts.Stopper.StopAsync(
            _instance!.Root, _instance.InstanceId, options.StopGracePeriod, TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(false);

        // It was not there after our preflight, so this start's tree made it, whatever it says.
        if (PidFile.Read(_cleared!.Files.PidFile).State is PidFileState.Valid or PidFileState.Empty or PidFileState.Malformed)
        {
            AtomicFile.TryDelete(_cleared.Files.PidFile);
        }

        if (stopped.Survivors.Count > 0)
        {
            // The record stays: it is what the next look proves them by.
            return (true, $"{detail}; could not be stopped: PID {string.Join(", ", stopped.Survivors.Select(s => s.Pid.ToString(CultureInfo.InvariantCulture)))}");
        }

        AtomicFile.TryDelete(_cleared.Files.InstanceFile);
        return (false, detail);
    }

    private StartupReport Report(StartupVerdict verdict)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, _spec.Port);
        return new StartupReport
        {
            Name = _spec.Name,
            Host = _spec.Host,
            Port = _spec.Port,
            Verdict = verdict,
            Attempt = options.Attempt,
            Stages = _timeline.Stages,
            TotalMs = Math.Round(_timeline.Elapsed.TotalMilliseconds, 3),
            LogFile = files.LogFile,
            PidFile = files.PidFile,
            StartedAt = _instance is null ? null : _startedAt,
            TraceId = _timeline.TraceId,
            Notes = [.. _notes.Distinct()],
        };
    }

    private static TimeSpan Longer(TimeSpan delay) => delay * 1.5 < LongestDelay ? delay * 1.5 : LongestDelay;

    private static void SetOrRemove(Dictionary<string, string> environment, string name, string? value)
    {
        if (value is null)
        {
            environment.Remove(name);
        }
        else
        {
            environment[name] = value;
        }
    }
}
