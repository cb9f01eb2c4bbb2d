using System.Globalization;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Verifies one instance that this supervisor does not launch: the stages of a start, seen from outside, with the same report, spans and
/// metrics. It launches and signals nothing. Without a controller, the instance is there already, or no process can be asked for it.
/// </summary>
internal sealed partial class InstanceVerification(FleetParts parts, DaemonSpec spec, StartOptions options, IAttachedDaemonController? controller) : IDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(25);

    private TimeSpan _patience = TimeSpan.FromSeconds(2);
    private AttachedLaunch? _launch;
    private StartupFailedException? _refusal;
    private StartupTimeline? _timeline;
    private DaemonInstance? _instance;
    private DaemonInspection? _seen;
    private ExitExplanation? _end;

    private StartupTimeline Timeline => _timeline!;

    /// <summary>The instance that was found.</summary>
    public DaemonInstance? Instance => _instance;

    /// <summary>Whether a process may live that this start has launched or found.</summary>
    public bool MayLive => _instance is { } instance ? !instance.Exited.IsCompleted : _launch is not null;

    /// <summary>Whether a person stopped it with the launcher's own means.</summary>
    public bool IsStoppedByLauncher { get; private set; }

    /// <summary>Asks for the launch or waits for it, and then waits until the instance has passed all stages.</summary>
    public async Task<StartOutcome> RunAsync(bool ask, CancellationToken cancellationToken)
    {
        if (controller is not null && !ask)
        {
            // The time limit begins with the launch: before it, the launcher may wait for anything, a database or a person.
            options.StageEntered?.Invoke(StartupStage.Preflight, null);
            await LaunchAsync(() => controller.WaitForLaunchAsync(spec.Name, cancellationToken)).ConfigureAwait(false);
        }

        _timeline = new StartupTimeline(spec, options.Attempt, parts.Time, _launch?.TraceParent, _launch?.BeganAt);
        try
        {
            await PreflightAsync(ask, cancellationToken).ConfigureAwait(false);
            return await WaitUntilVerifiedAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (StartupFailedException e)
        {
            return Failed(e);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed(new StartupFailedException(StartupReason.Cancelled, "the wait for it was given up"));
        }
    }

    public void Dispose()
    {
        _end?.Dispose();
        _timeline?.Dispose();
    }

    private async Task PreflightAsync(bool ask, CancellationToken cancellationToken)
    {
        if (controller is null)
        {
            Enter(StartupStage.Spawn);
            return;
        }

        Enter(StartupStage.Preflight);
        if (_refusal is not null && IsStoppedByLauncher)
        {
            throw _refusal;
        }

        // Looked for first, or a daemon that was launched already would count as another process on the port. A foreign port is the better
        // reason where the launch was refused as well.
        if (ask)
        {
            _launch = controller.FindLaunch(spec.Name) is { HasEnded: false } launch ? launch : null;
        }

        _instance = Find();
        if (ask && _instance is null)
        {
            _launch = null;
        }

        _seen = await parts.Engine.InspectAsync(spec, Inspection(spec, _instance, _patience) with { ProbeHealth = false }, cancellationToken).ConfigureAwait(false);
        if (_seen.Verdict == InspectionVerdict.Foreign)
        {
            throw new StartupFailedException(StartupReason.PortInUse, _seen.Detail ?? $"another process owns port {spec.Port}");
        }

        Timeline.LeaveAt(ask ? null : _launch?.CheckedAt);
        Enter(StartupStage.Spawn);
        if (_refusal is null && ask && parts.Engine.Attach(spec) is null)
        {
            await LaunchAsync(async () =>
            {
                await controller.RequestStartAsync(spec.Name, cancellationToken).ConfigureAwait(false);
                return await controller.WaitForLaunchAsync(spec.Name, cancellationToken).WaitAsync(options.Timeout, parts.Time, cancellationToken).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }

        if (_refusal is not null)
        {
            throw _refusal;
        }
    }

    private async Task LaunchAsync(Func<Task<AttachedLaunch>> launch)
    {
        try
        {
            _launch = await launch().ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            var failure = e as LaunchFailedException;
            IsStoppedByLauncher = failure is { IsStoppedOnPurpose: true };
            _refusal = IsStoppedByLauncher
                ? new StartupFailedException(StartupReason.Cancelled, "it was stopped with the means of its launcher")
                : new StartupFailedException(StartupReason.ExitedPrematurely, e.Message) { ExitCode = failure?.ExitCode, LogTail = failure?.LogTail };
        }
        catch (TimeoutException)
        {
            _refusal = new StartupFailedException(StartupReason.TimedOut, "its launcher took the request and launched nothing");
        }
    }

    private async Task<StartOutcome> WaitUntilVerifiedAsync(CancellationToken cancellationToken)
    {
        Watch();
        for (var delay = FirstDelay; ; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _instance ??= Find();
            var hasEnded = _instance is { Exited.IsCompleted: true } || (_instance is null && _end is { Ended.IsCompletedSuccessfully: true });
            if (hasEnded)
            {
                await ContinueAfterEndAsync(cancellationToken).ConfigureAwait(false);
                Watch();
            }

            _instance ??= Find();
            if (_instance is not null && await IsVerifiedAsync(_instance, cancellationToken).ConfigureAwait(false))
            {
                return Verified(_instance);
            }

            var left = options.Timeout - Timeline.Watched;
            if (left <= TimeSpan.Zero)
            {
                throw TimedOut();
            }

            // A process may end before it is found. Then only the launcher knows.
            var wait = parts.DelayAsync(delay < left ? delay : left, cancellationToken);
            await Task.WhenAny(wait, hasEnded ? wait : _instance?.Exited ?? _end?.Ended ?? (Task)wait).ConfigureAwait(false);
        }
    }

    private void Watch()
    {
        _end?.Dispose();
        _end = controller is null || _launch is null ? null : new ExitExplanation(parts, controller, spec.Name);
    }

    /// <summary>The process has ended. Goes on with the one that took its place; otherwise the start has failed.</summary>
    private async Task ContinueAfterEndAsync(CancellationToken cancellationToken)
    {
        var exit = _end is null ? AttachedExit.Unknown : await _end.GetAsync(cancellationToken).ConfigureAwait(false);
        var known = _instance is { } instance ? await instance.Exited.ConfigureAwait(false) : ProcessExit.Unknown;
        if (known == ProcessExit.Unknown && exit.ExitCode is not null)
        {
            known = new ProcessExit(exit.ExitCode, null);
        }

        var pid = _instance?.Pid ?? _launch?.Pid;
        switch (exit.End)
        {
            case AttachedEnd.Replaced:
                if (_instance is not null)
                {
                    parts.Engine.Forget(_instance);
                }

                _instance = null;
                await LaunchAsync(() => controller!.WaitForLaunchAsync(spec.Name, cancellationToken)).ConfigureAwait(false);
                if (_refusal is not null)
                {
                    throw _refusal;
                }

                break;
            case AttachedEnd.StoppedOnPurpose:
                IsStoppedByLauncher = true;
                throw new StartupFailedException(StartupReason.Cancelled, $"PID {pid} was stopped with the means of its launcher before it was verified");
            default:
                throw new StartupFailedException(
                    StartupReason.ExitedPrematurely, string.Create(CultureInfo.InvariantCulture, $"PID {pid} ended before it was verified, with {known}"))
                {
                    ExitCode = known.ExitCode,
                    Signal = known.Signal,
                    LogTail = exit.LogTail,
                };
        }
    }

    private StartOutcome Verified(DaemonInstance instance)
    {
        Timeline.Leave();
        var report = Report(StartupVerdict.Verified) with { VerifiedAt = parts.Time.GetUtcNow() };
        Timeline.Complete(report);
        LogVerified(parts.Logger, spec.Name, report.Pid, report.Port, report.TotalMs);
        return new StartOutcome(report, parts.Engine.Confirm(spec, instance, options.RestartCount));
    }

    private async Task<bool> IsVerifiedAsync(DaemonInstance instance, CancellationToken cancellationToken)
    {
        // Without a limit of the user a request that hangs is given up, and the next one has more time, until the start has none left.
        var limit = spec.Health.Startup?.Timeout ?? _patience;
        var left = options.Timeout - Timeline.Elapsed;
        var seen = _seen = await parts.Engine.InspectAsync(spec, Inspection(spec, instance, limit < left || left <= TimeSpan.Zero ? limit : left), cancellationToken).ConfigureAwait(false);
        _patience = seen.HealthMs >= _patience.TotalMilliseconds ? _patience * 2 : _patience;
        while (Timeline.Stage < StartupStage.Health && Passed(Timeline.Stage))
        {
            Timeline.LeaveAt(Timeline.Stage == StartupStage.Spawn ? _launch?.RunsAt : null);
            Enter(Timeline.Stage + 1);
        }

        return Timeline.Stage == StartupStage.Health && seen.Pid == instance.Pid && seen is { Verdict: InspectionVerdict.Running, Healthy: not false };

        bool Passed(StartupStage stage) => stage switch
        {
            StartupStage.PidFile => seen.PidFileState == "ok" && seen.PidInFile == instance.Pid,
            StartupStage.PortBound => seen.OwnsPort ?? seen.Listeners.Count > 0,
            _ => instance.Port == spec.Port,
        };
    }

    /// <summary>
    /// How an instance is inspected. A daemon that another program launched has no lock of ours, and it may overwrite its environment. Its launcher
    /// has told which process it is.
    /// </summary>
    internal static InspectOptions Inspection(DaemonSpec spec, DaemonInstance? instance, TimeSpan healthTimeout) =>
        new() { HealthTimeout = healthTimeout, KeepsWatch = true, Told = spec.Launch == LaunchMode.Attached ? instance?.Identity : null };

    private DaemonInstance? Find() => _launch?.Pid is { } pid && spec.EffectivePidFileWriter == PidFileWriter.Launcher
        ? parts.Engine.Register(spec, pid, options.RestartCount)
        : parts.Engine.Attach(spec);

    private void Enter(StartupStage stage)
    {
        Timeline.Enter(stage);
        options.StageEntered?.Invoke(stage, _instance?.Pid);
    }

    private StartupFailedException TimedOut() => _instance is null
        ? new StartupFailedException(
            controller is null ? StartupReason.TimedOut : StartupReason.PortNotBound,
            $"nobody has launched it within {options.Timeout.TotalSeconds:0.###} s")
        : new StartupFailedException(
            _seen?.Reason ?? StartupReason.TimedOut,
            $"PID {_instance.Pid} is not verified after {options.Timeout.TotalSeconds:0.###} s: {_seen?.Detail ?? "nothing was seen"}");

    private StartOutcome Failed(StartupFailedException e)
    {
        e = e.Without(Secrets.Of(spec));
        Timeline.Leave(e);
        var report = Report(StartupVerdict.Failed) with
        {
            Stage = Timeline.Stage,
            Reason = e.Reason,
            Detail = e.Message,
            ExitCode = e.ExitCode,
            Signal = e.Signal,
            LogTail = e.LogTail ?? [],
        };
        Timeline.Complete(report);
        LogStartFailed(parts.Logger, spec.Name, report.Reason, report.Detail);
        return new StartOutcome(report, null);
    }

    private StartupReport Report(StartupVerdict verdict) => new()
    {
        Name = spec.Name,
        Host = spec.Host,
        Port = spec.Port,
        Verdict = verdict,
        Pid = _instance?.Pid,
        Attempt = options.Attempt,
        OwnershipVerified = _seen?.OwnsPort == true,
        Stages = [.. Timeline.Stages],
        TotalMs = Math.Round(Timeline.Elapsed.TotalMilliseconds, 3),
        LogFile = _seen?.LogFile,
        PidFile = _seen?.PidFile,
        StartedAt = _instance?.StartedAt,
        TraceId = Timeline.TraceId,
    };

    // The engine logs the starts that it makes itself. These lines are written while the span of the start is current.
    [LoggerMessage(101, LogLevel.Information, "{Daemon} is verified: PID {Pid} on port {Port} after {Milliseconds} ms")]
    private static partial void LogVerified(ILogger logger, string daemon, int? pid, int port, double milliseconds);

    [LoggerMessage(102, LogLevel.Warning, "{Daemon} did not start: {Reason}: {Detail}")]
    private static partial void LogStartFailed(ILogger logger, string daemon, StartupReason? reason, string? detail);
}
