using System.Globalization;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>One verified start: runs the five stages for one process and reports the result.</summary>
internal sealed partial class VerifiedStart(EngineParts parts, DaemonSpec requested, StartOptions options, ILogger logger) : IDisposable
{
    private static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(2);

    private readonly List<string> _notes = [];
    private readonly StartupTimeline _timeline = new(requested, options.Attempt, parts.Time);
    private readonly DateTimeOffset _startedAt = parts.Time.GetUtcNow();
    private ClaimedPort? _claimed;
    private StartingInstance? _instance;
    private PreflightStage? _preflight;

    // With a port range, the port is known after stage one.
    private DaemonSpec Spec => _claimed?.Spec ?? requested;

    private TimeSpan Left => options.Timeout - _timeline.Elapsed;

    public void Dispose()
    {
        _claimed?.Dispose();
        _timeline.Dispose();
    }

    /// <summary>Runs all stages. Everything that goes wrong with the daemon is in the report.</summary>
    internal async Task<StartOutcome> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            Enter(StartupStage.Preflight);
            if (FleetTopology.Validate(requested) is { } invalid)
            {
                throw new StartupFailedException(StartupReason.InvalidConfiguration, invalid);
            }

            if (TrustedPath.WhyNot(new DaemonFiles(parts.Options.StateDirectory, requested.Port)) is { } untrusted)
            {
                throw new StartupFailedException(StartupReason.PermissionDenied, untrusted);
            }

            _preflight = new PreflightStage(parts, options, _notes, () => Left);
            (_claimed, var serving) = await _preflight.RunAsync(requested, cancellationToken).ConfigureAwait(false);
            _timeline.Leave();
            if (_claimed is null)
            {
                return AlreadyRunning(serving!);
            }

            Enter(StartupStage.Spawn);
            _instance = await SpawnAsync(_claimed, cancellationToken).ConfigureAwait(false);
            _instance.Save();
            LogSpawned(logger, Spec.Name, Spec.Port, _instance.Root.Pid, _instance.Record.Command[0]);
            _timeline.Leave();

            var pidFile = new PidFileStage(parts, _claimed, _instance);
            var port = new PortBoundStage(parts, _claimed, _instance);
            var health = new HealthStage(parts, _claimed, _instance, () => Left, pidFile, port);
            foreach (var stage in (IWaitingStage[])[pidFile, port, health])
            {
                await WaitAsync(stage, _instance, cancellationToken).ConfigureAwait(false);
            }

            // Not waited for: the group is a further sign only, and the kernel may need 20 ms, which is longer than some daemons need.
            if (_instance.WhyNotInGroup is { IsCompletedSuccessfully: true, Result: { } reason })
            {
                _instance.LeaveGroup();
                LogNoGroup(logger, Spec.Name, reason);
            }

            return Verified(_claimed, _instance, port.Owned == true);
        }
        catch (StartupFailedException e)
        {
            return await FailedAsync(DescriptorLimit.IsReached() ? NoDescriptors() : e).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return await FailedAsync(new StartupFailedException(StartupReason.Cancelled, "the start was cancelled")).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The state directory was removed, its disk is full, or this process has no descriptor left.
            var reason = e is UnauthorizedAccessException ? StartupReason.PermissionDenied
                : _timeline.Stage == StartupStage.PidFile ? StartupReason.PidFileMissing
                : StartupReason.LockUnavailable;
            return await FailedAsync(new StartupFailedException(reason, Errno.IsNoDescriptor(e.HResult) ? e.Message : $"a state file cannot be written: {e.Message}") { IsPassing = true }).ConfigureAwait(false);
        }
    }

    /// <summary>Spawns the process. A command that is just being written ("text file busy") or a process table that is full is tried again for a moment.</summary>
    private async Task<StartingInstance> SpawnAsync(ClaimedPort claimed, CancellationToken cancellationToken)
    {
        var (traceParent, traceState) = _timeline.Context;
        var since = parts.Time.GetTimestamp();
        if (DescriptorLimit.IsReached())
        {
            throw NoDescriptors();
        }

        for (var delay = RetryDelay.OfLooks; ; delay = delay.Next())
        {
            try
            {
                return new SpawnStage(parts, _startedAt, options.RestartCount, options.Definition, _notes).Run(claimed, traceParent, traceState);
            }
            catch (StartupFailedException e) when (e.Reason == StartupReason.TimedOut && Left > TimeSpan.Zero && parts.Time.GetElapsedTime(since) < BusyTimeout)
            {
                await delay.WaitAsync(Left, parts.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Without descriptors the other reasons are wrong: a file that cannot be opened looks like one that is missing or forbidden.
    private static StartupFailedException NoDescriptors() =>
        new(StartupReason.LockUnavailable, "this process has no descriptors left (ulimit -n)") { IsPassing = true };

    private void Enter(StartupStage stage)
    {
        _timeline.Enter(stage);
        options.StageEntered?.Invoke(stage, _instance?.Root.Pid);
    }

    /// <summary>Repeats a stage's check until it passes, the process ends, the time is up or the caller cancels.</summary>
    private async Task WaitAsync(IWaitingStage stage, StartingInstance instance, CancellationToken cancellationToken)
    {
        Enter(stage.Stage);
        for (var delay = stage.Stage == StartupStage.Health ? RetryDelay.OfRequests : RetryDelay.OfLooks; ; delay = delay.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (instance.Exited.IsCompleted && !instance.TryFollowFork())
            {
                throw instance.PrematureExit(stage.Stage);
            }

            if (await stage.PassesAsync(cancellationToken).ConfigureAwait(false))
            {
                _timeline.Leave();
                return;
            }

            if (Left <= TimeSpan.Zero)
            {
                throw stage.TimedOut(string.Create(CultureInfo.InvariantCulture, $"{options.Timeout.TotalSeconds:0.###} s"));
            }

            await Task.WhenAny(instance.Exited, delay.WaitAsync(Left, parts.Waits, cancellationToken)).ConfigureAwait(false);
        }
    }

    private StartOutcome Verified(ClaimedPort claimed, StartingInstance instance, bool owned)
    {
        var verifiedAt = parts.Time.GetUtcNow();
        instance.Save(verifiedAt);

        // From now on only the instance holds the lock.
        claimed.Dispose();
        var root = instance.Root;
        if (instance.ForkedFrom is { } first)
        {
            _notes.Add($"PID {first} went into the background and left the daemon to PID {root.Pid}, which is watched now; {instance.ForegroundHint}");
        }

        var outcome = Complete(
            Report(StartupVerdict.Verified) with { VerifiedAt = verifiedAt, Pid = root.Pid, OwnershipVerified = owned },
            new DaemonInstance(root, Spec.Port, _startedAt, options.RestartCount, instance.Exited));
        LogVerified(logger, Spec.Name, Spec.Port, root.Pid, outcome.Report.TotalMs);
        return outcome;
    }

    private StartOutcome AlreadyRunning(DaemonInspection seen) => Complete(
        Report(StartupVerdict.AlreadyRunning) with
        {
            Reason = StartupReason.AlreadyRunning,
            Detail = $"already running and healthy: PID {seen.Pid}",
            Pid = seen.Pid,
            OwnershipVerified = seen.OwnsPort == true,
            StartedAt = seen.StartedAt,
        },
        new Attachment(parts).Attach(requested));

    private async Task<StartOutcome> FailedAsync(StartupFailedException failure)
    {
        var secrets = Secrets.Of(Spec);
        failure = failure.Without(secrets);
        _timeline.Leave(failure);

        // Asked before the process is stopped: a server that ends with code 0 then did not go into the background.
        var foregroundHint = _instance?.ForegroundHint;
        var (survivors, logTail) = _claimed is null ? ([], []) : await new FailedStart(parts, options.StopGracePeriod).CleanUpAsync(_claimed, _instance).ConfigureAwait(false);
        var detail = survivors.Count == 0 ? failure.Message : $"{failure.Message}; could not be stopped: PID {string.Join(", ", survivors)}";
        if (foregroundHint is not null)
        {
            detail += $"; the process went into the background or ended by itself: {foregroundHint}";
        }

        var stage = _timeline.Stage;
        var rollback = await RollBackAsync().ConfigureAwait(false);
        LogFailed(logger, Spec.Name, Spec.Port, failure.Reason, stage, detail);
        return Complete(
            Report(StartupVerdict.Failed) with
            {
                Stage = stage,
                Reason = failure.Reason,
                IsPassing = failure.IsPassing,
                Detail = detail,
                Pid = _instance?.Root.Pid ?? failure.ExistingPid,
                ExitCode = failure.ExitCode,
                Signal = failure.Signal,
                Owner = failure.Owner,
                HealthAnswer = failure.HealthAnswer,
                LogTail = secrets.HideIn(logTail),
                Rollback = rollback,
            },
            null);
    }

    // Not cancelled with the start: the caller who gives up wants what served before.
    private async Task<StartupReport?> RollBackAsync()
    {
        if (options.Rollback is not { } old || _preflight?.Replaced is not { } replaced)
        {
            return null;
        }

        using var start = new VerifiedStart(
            parts,
            replaced.Directory is { } directory && Directory.Exists(directory) ? old with { WorkingDirectory = directory } : old,
            options with { Definition = options.Definition is null ? null : old, Rollback = null, Force = false },
            logger);
        return (await start.RunAsync(CancellationToken.None).ConfigureAwait(false)).Report;
    }

    private StartOutcome Complete(StartupReport report, DaemonInstance? instance)
    {
        _timeline.Complete(report);
        return new StartOutcome(report, instance);
    }

    private StartupReport Report(StartupVerdict verdict)
    {
        var files = new DaemonFiles(parts.Options.StateDirectory, Spec.Port);
        return new StartupReport
        {
            Name = Spec.Name,
            Host = Spec.Host,
            Port = Spec.Port,
            Verdict = verdict,
            Attempt = options.Attempt,
            Stages = _timeline.Stages,
            TotalMs = Math.Round(_timeline.Elapsed.TotalMilliseconds, 3),
            LogFile = files.LogFile,
            PidFile = files.PidFile,
            StartedAt = _instance is null ? null : _startedAt,
            ReplacedPid = _preflight?.Replaced?.Pid,
            TraceId = _timeline.TraceId,
            Notes = [.. _notes.Distinct()],
        };
    }

    [LoggerMessage(1001, LogLevel.Information, "{Name}: spawned PID {Pid} for port {Port}: {Executable}")]
    private static partial void LogSpawned(ILogger logger, string name, int port, int pid, string executable);

    [LoggerMessage(1002, LogLevel.Information, "{Name}: PID {Pid} on port {Port} verified in {Milliseconds:0} ms")]
    private static partial void LogVerified(ILogger logger, string name, int port, int pid, double milliseconds);

    [LoggerMessage(1004, LogLevel.Debug, "{Name}: no control group of its own: {Reason}")]
    private static partial void LogNoGroup(ILogger logger, string name, string reason);

    [LoggerMessage(1003, LogLevel.Error, "{Name}: start on port {Port} failed in stage {Stage}: {Reason}: {Detail}")]
    private static partial void LogFailed(ILogger logger, string name, int port, StartupReason reason, StartupStage stage, string detail);
}
