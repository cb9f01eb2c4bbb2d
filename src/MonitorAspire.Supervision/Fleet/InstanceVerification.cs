using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Verifies an instance that somebody else launched, or that an earlier supervisor was just launching: the same stages as a start,
/// seen from outside, with the same report, spans and metrics. It launches and signals nothing.
/// </summary>
internal sealed class InstanceVerification(IDaemonEngine engine, TimeProvider time)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Waits until an instance is there and passes all stages.</summary>
    /// <param name="spec">The daemon.</param>
    /// <param name="options">Time limit, attempt and the call-back for stages.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="launcher">Who launches it, where the supervisor can talk to them.</param>
    /// <param name="request">Whether the launch has to be asked for; otherwise the launcher launches it by itself.</param>
    public async Task<StartOutcome> RunAsync(
        DaemonSpec spec, StartOptions options, CancellationToken cancellationToken, IAttachedDaemonController? launcher = null, bool request = false)
    {
        AttachedLaunch? launch = null;
        StartupFailedException? refused = null;
        if (launcher is not null && !request)
        {
            // Its time begins when it is launched: until then it may wait for anything, a database or a person.
            options.StageEntered?.Invoke(StartupStage.Preflight, null);
            (launch, refused) = await LaunchAsync(() => launcher.WaitForLaunchAsync(spec.Name, cancellationToken)).ConfigureAwait(false);
        }

        using var timeline = new StartupTimeline(spec, options.Attempt, time, launch?.TraceParent);
        DaemonInstance? instance = null;
        DaemonInspection? seen = null;
        var stage = launcher is null ? StartupStage.Spawn : StartupStage.Preflight;
        Enter(stage);
        try
        {
            if (launcher is not null)
            {
                await PreflightAsync(launcher).ConfigureAwait(false);
            }

            for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (instance is { Exited.IsCompleted: true })
                {
                    throw new StartupFailedException(StartupReason.ExitedPrematurely, $"PID {instance.Pid} ended before it was verified");
                }

                instance ??= Find();
                if (instance is not null)
                {
                    seen = await engine.InspectAsync(spec, new InspectOptions { HealthTimeout = HealthTimeout }, cancellationToken).ConfigureAwait(false);
                    while (stage < StartupStage.Health && Passed(stage, spec, instance, seen))
                    {
                        timeline.Leave();
                        stage++;
                        Enter(stage);
                    }

                    if (stage == StartupStage.Health && seen.Pid == instance.Pid && seen is { Verdict: InspectionVerdict.Running, Healthy: not false })
                    {
                        timeline.Leave();
                        var verified = Report(StartupVerdict.Verified) with { VerifiedAt = time.GetUtcNow() };
                        timeline.Complete(verified);
                        return new StartOutcome(verified, engine.Confirm(spec, instance, options.RestartCount));
                    }
                }

                var left = options.Timeout - timeline.Elapsed;
                if (left <= TimeSpan.Zero)
                {
                    throw TimedOut();
                }

                var wait = Task.Delay(delay < left ? delay : left, time, cancellationToken);
                await (instance is null ? wait : Task.WhenAny(instance.Exited, wait)).ConfigureAwait(false);
            }
        }
        catch (StartupFailedException e)
        {
            return Failed(e);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed(new StartupFailedException(StartupReason.Cancelled, "the wait for it was given up"));
        }

        DaemonInstance? Find() => launch?.Pid is { } pid && spec.EffectivePidFileWriter == PidFileWriter.Launcher
            ? engine.Register(spec, pid, options.RestartCount)
            : engine.Attach(spec);

        async Task PreflightAsync(IAttachedDaemonController launches)
        {
            // Before anything is launched, and all the more where nothing could be: a port that is somebody else's is the reason. What was
            // launched already has to be known by then, or it would be called somebody else itself.
            instance = Find();
            seen = await engine.InspectAsync(spec, new InspectOptions { ProbeHealth = false }, cancellationToken).ConfigureAwait(false);
            if (seen.Verdict == InspectionVerdict.Foreign)
            {
                throw new StartupFailedException(StartupReason.PortInUse, seen.Detail ?? $"port {spec.Port} is somebody else's");
            }

            timeline.Leave();
            Enter(stage = StartupStage.Spawn);
            if (refused is null && request && engine.Attach(spec) is null)
            {
                (launch, refused) = await LaunchAsync(async () =>
                {
                    await launches.RequestStartAsync(spec.Name, cancellationToken).ConfigureAwait(false);
                    return await launches.WaitForLaunchAsync(spec.Name, cancellationToken).WaitAsync(options.Timeout, time, cancellationToken).ConfigureAwait(false);
                }).ConfigureAwait(false);
            }

            if (refused is not null)
            {
                throw refused;
            }
        }

        void Enter(StartupStage entered)
        {
            timeline.Enter(entered);
            options.StageEntered?.Invoke(entered, instance?.Pid);
        }

        StartupFailedException TimedOut() => instance is null
            ? new StartupFailedException(
                seen is null && spec.Launch == LaunchMode.Attached ? StartupReason.TimedOut : StartupReason.PortNotBound,
                $"nobody has launched it within {options.Timeout.TotalSeconds:0.###} s")
            : new StartupFailedException(
                seen?.Reason ?? StartupReason.TimedOut,
                $"PID {instance.Pid} is not verified after {options.Timeout.TotalSeconds:0.###} s: {seen?.Detail ?? "nothing was seen"}");

        StartOutcome Failed(StartupFailedException e)
        {
            timeline.Leave(e);
            var report = Report(StartupVerdict.Failed) with { Stage = stage, Reason = e.Reason, Detail = e.Message, ExitCode = e.ExitCode, LogTail = e.LogTail ?? [] };
            timeline.Complete(report);
            return new StartOutcome(report, null);
        }

        StartupReport Report(StartupVerdict verdict) => new()
        {
            Name = spec.Name,
            Host = spec.Host,
            Port = spec.Port,
            Verdict = verdict,
            Pid = instance?.Pid,
            Attempt = options.Attempt,
            OwnershipVerified = seen?.OwnsPort == true,
            Stages = [.. timeline.Stages],
            TotalMs = Math.Round(timeline.Elapsed.TotalMilliseconds, 3),
            LogFile = seen?.LogFile,
            PidFile = seen?.PidFile,
            StartedAt = instance?.StartedAt,
            TraceId = timeline.TraceId,
        };
    }

    private static async Task<(AttachedLaunch? Launch, StartupFailedException? Refused)> LaunchAsync(Func<Task<AttachedLaunch>> launch)
    {
        try
        {
            return (await launch().ConfigureAwait(false), null);
        }
        catch (InvalidOperationException e)
        {
            var launched = e as LaunchFailedException;
            return (null, new StartupFailedException(StartupReason.ExitedPrematurely, e.Message)
            {
                ExitCode = launched?.ExitCode,
                LogTail = launched?.LogTail,
            });
        }
        catch (TimeoutException)
        {
            return (null, new StartupFailedException(StartupReason.TimedOut, "whoever launches it took the request and launched nothing"));
        }
    }

    private static bool Passed(StartupStage stage, DaemonSpec spec, DaemonInstance instance, DaemonInspection seen) => stage switch
    {
        StartupStage.PidFile => seen.PidFileState == "ok" && seen.PidInFile == instance.Pid,
        StartupStage.PortBound => seen.OwnsPort ?? seen.Listeners.Count > 0,
        _ => instance.Port == spec.Port,
    };
}
