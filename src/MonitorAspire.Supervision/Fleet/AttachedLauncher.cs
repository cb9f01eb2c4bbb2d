using MonitorAspire.Supervision.Identity;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Another program launches the daemon. This supervisor verifies and watches it, and asks the controller, where there is one, for launches
/// and stops. It launches and signals nothing itself.
/// </summary>
internal sealed class AttachedLauncher(FleetParts parts) : ILauncher
{
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(5);

    private volatile bool _mustAskForLaunch;
    private volatile bool _isStoppedByLauncher;
    private volatile bool _isStopUnderWay;
    private volatile int _stoppedPid;

    public bool CanAct => parts.Controller is not null;

    public bool OwnsProcess => false;

    // Only an earlier supervisor writes that an attached instance was verified.
    public bool CanAdopt(DaemonInstance instance) => instance.VerifiedAt is not null;

    public void ExpectLaunch(bool byOthers) => _mustAskForLaunch = !byOthers;

    public bool HasStoppedLaunch(string daemon) => parts.Controller?.FindLaunch(daemon)?.Pid is { } pid && pid == _stoppedPid;

    public void ExpectStop() => _isStopUnderWay = true;

    public async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        // The launcher makes the first launch by itself. Every later one has to be asked for.
        var ask = _mustAskForLaunch;
        _mustAskForLaunch = true;
        _isStoppedByLauncher = false;
        _isStopUnderWay = false;
        _stoppedPid = 0;
        using var verification = new InstanceVerification(parts, spec, options, parts.Controller);
        var outcome = await verification.RunAsync(ask, cancellationToken).ConfigureAwait(false);
        if (outcome.Report is { Verdict: StartupVerdict.Failed, Reason: StartupReason.Cancelled })
        {
            // A stop follows, unless the supervisor itself ends.
            _isStoppedByLauncher = verification.IsStoppedByLauncher;
            return outcome;
        }

        return outcome.Report.Serves ? outcome : await EndAsync(spec, options, verification, outcome, cancellationToken).ConfigureAwait(false);
    }

    // A process that has failed to start may live. The next start needs its port.
    private async Task<StartOutcome> EndAsync(
        DaemonSpec spec, StartOptions options, InstanceVerification verification, StartOutcome outcome, CancellationToken cancellationToken)
    {
        if (CanAct && verification.MayLive)
        {
            var stopped = await StopAsync(spec, verification.Instance, new StopOptions { GracePeriod = options.StopGracePeriod }, cancellationToken).ConfigureAwait(false);
            if (stopped.Verdict is StopVerdict.Failed)
            {
                outcome = outcome with { Report = outcome.Report with { Detail = $"{outcome.Report.Detail}; {stopped.Detail}" } };
            }
        }

        if (verification.Instance is { } instance)
        {
            ForgetFiles(instance);
        }

        return outcome;
    }

    public async Task<StopReport> StopAsync(DaemonSpec spec, DaemonInstance? instance, StopOptions options, CancellationToken outOfTime)
    {
        var began = parts.Time.GetTimestamp();
        if (_isStoppedByLauncher)
        {
            _isStoppedByLauncher = false;
            return Report(StopVerdict.Stopped, "stopped by its launcher, on request");
        }

        instance ??= parts.Engine.Attach(spec);
        var isUnderWay = _isStopUnderWay;
        _isStopUnderWay = false;

        // A request that is not sent yet when the process has ended would end the next one.
        using var request = CancellationTokenSource.CreateLinkedTokenSource(outOfTime);
        try
        {
            // Asked for even without an instance: a launch may be under way. What the launcher has launched meanwhile is stopped as well.
            _mustAskForLaunch |= !isUnderWay;
            var asked = isUnderWay ? Task.CompletedTask : parts.Controller!.RequestStopAsync(spec.Name, request.Token);
            if (instance is null)
            {
                await asked.ConfigureAwait(false);
                return Report(StopVerdict.NotRunning, null);
            }

            // The exit decides, and not the launcher's answer: a suspended process ends late, and the launcher may have given up by then.
            _ = asked.ContinueWith(static failed => failed.Exception, TaskContinuationOptions.OnlyOnFaulted);
            await Task.WhenAny(asked, instance.Exited).ConfigureAwait(false);
            try
            {
                await instance.Exited.WaitAsync(options.GracePeriod + options.KillTimeout, parts.Time, outOfTime).ConfigureAwait(false);
            }
            catch (TimeoutException) when (asked.IsFaulted)
            {
                await asked.ConfigureAwait(false);
            }

            _stoppedPid = instance.Pid;
            return Report(StopVerdict.Stopped, "stopped by its launcher");
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or OperationCanceledException)
        {
            return Report(StopVerdict.Failed, e is TimeoutException ? $"PID {instance?.Pid} still lives although its launcher was asked to stop it" : e.Message);
        }
        finally
        {
            request.Cancel();
        }

        StopReport Report(StopVerdict verdict, string? detail) => new()
        {
            Name = spec.Name,
            Port = spec.Port,
            Verdict = verdict,
            Pid = instance?.Pid,
            Detail = detail,
            TotalMs = parts.Time.GetElapsedTime(began).TotalMilliseconds,
        };
    }

    // A process that its launcher has launched meanwhile looks like another one on the port until it is registered.
    public async Task<bool> CanStartAsync(DaemonSpec spec, CancellationToken cancellationToken) => parts.Controller is { } controller
        ? controller.FindLaunch(spec.Name) is { HasEnded: false } || await OwnLauncher.IsAnyPortFreeAsync(parts.Engine, spec, cancellationToken).ConfigureAwait(false)
        : parts.Engine.Attach(spec) is not null;

    public async Task<AttachedExit> ExplainExitAsync(string daemon, CancellationToken cancellationToken)
    {
        if (parts.Controller is null)
        {
            return AttachedExit.Unknown;
        }

        using var explanation = new ExitExplanation(parts, parts.Controller, daemon);
        var exit = await explanation.GetAsync(cancellationToken).ConfigureAwait(false);
        _isStoppedByLauncher = exit.End != AttachedEnd.ByItself;
        return exit;
    }

    public void ForgetFiles(DaemonInstance instance) => parts.Engine.Forget(instance);

    /// <summary>
    /// When a whole application ends, its launcher stops daemons and supervisor at once. A daemon cannot remove all of its files, so the
    /// supervisor waits for its end for a moment and does so. Later the files would be found stale.
    /// </summary>
    public async Task LeaveAsync(DaemonSpec spec, DaemonInstance instance)
    {
        if (CanAct && KnownDaemons.Record(parts.Options.StateDirectory, instance.Port)?.IsPersistent != true)
        {
            await Task.WhenAny(instance.Exited, Task.Delay(LeaveTime, parts.Time)).ConfigureAwait(false);
            parts.Engine.Forget(instance);
        }
    }
}
