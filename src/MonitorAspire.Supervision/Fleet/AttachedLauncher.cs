using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Processes;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Another program launches the daemon. This supervisor verifies and watches it, and asks the controller, where there is one, for launches
/// and stops. It launches and signals nothing itself.
/// </summary>
internal sealed partial class AttachedLauncher(FleetParts parts) : ILauncher
{
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(3);

    private volatile bool _mustAskForLaunch;
    private volatile bool _isStoppedByLauncher;

    public bool CanAct => parts.Controller is not null;

    public bool OwnsProcess => false;

    // Only an earlier supervisor writes that an attached instance was verified.
    public bool CanAdopt(DaemonInstance instance) => instance.VerifiedAt is not null;

    public void ExpectLaunch(bool byOthers) => _mustAskForLaunch = !byOthers;

    public async Task<StartOutcome> StartAsync(DaemonSpec spec, StartOptions options, CancellationToken cancellationToken)
    {
        // The launcher makes the first launch by itself. Every later one has to be asked for.
        var ask = _mustAskForLaunch;
        _mustAskForLaunch = true;
        _isStoppedByLauncher = false;
        using var verification = new InstanceVerification(parts, spec, options, parts.Controller);
        var outcome = await verification.RunAsync(ask, cancellationToken).ConfigureAwait(false);
        var report = outcome.Report;
        if (report.Serves)
        {
            LogVerified(parts.Logger, spec.Name, report.Pid, report.Port, report.TotalMs);
        }
        else
        {
            LogStartFailed(parts.Logger, spec.Name, report.Reason, report.Detail);
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
        try
        {
            // Asked for even without an instance: a launch may be under way.
            var asked = parts.Controller!.RequestStopAsync(spec.Name, outOfTime);
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

            return Report(StopVerdict.Stopped, "stopped by its launcher");
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or OperationCanceledException)
        {
            return Report(StopVerdict.Failed, e is TimeoutException ? $"PID {instance?.Pid} still lives although its launcher was asked to stop it" : e.Message);
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

    public Task<bool> CanStartAsync(DaemonSpec spec, CancellationToken cancellationToken) => CanAct
        ? OwnLauncher.IsAnyPortFreeAsync(parts.Engine, spec, cancellationToken)
        : Task.FromResult(parts.Engine.Attach(spec) is not null);

    public async Task<AttachedExit> ExplainExitAsync(string daemon, CancellationToken cancellationToken)
    {
        var exit = parts.Controller is null ? AttachedExit.Unknown : await parts.Controller.ExplainEndAsync(daemon, cancellationToken).ConfigureAwait(false);
        _isStoppedByLauncher = exit.End != AttachedEnd.ByItself;
        return exit;
    }

    public void ForgetFiles(DaemonInstance instance) => parts.Engine.Forget(instance);

    /// <summary>
    /// When a whole application ends, its launcher stops daemons and supervisor at once. A daemon that knows nothing of its PID file cannot
    /// remove it, so the supervisor waits for its end for a moment and does so. Later the files would be found stale.
    /// </summary>
    public async Task LeaveAsync(DaemonSpec spec, DaemonInstance instance)
    {
        if (CanAct && spec.EffectivePidFileWriter == PidFileWriter.Launcher)
        {
            await Task.WhenAny(instance.Exited, Task.Delay(LeaveTime, parts.Time)).ConfigureAwait(false);
            parts.Engine.Forget(instance);
        }
    }

    // The engine logs the starts that it makes itself.
    [LoggerMessage(101, LogLevel.Information, "{Daemon} is verified: PID {Pid} on port {Port} after {Milliseconds} ms")]
    private static partial void LogVerified(ILogger logger, string daemon, int? pid, int port, double milliseconds);

    [LoggerMessage(102, LogLevel.Warning, "{Daemon} did not start: {Reason}: {Detail}")]
    private static partial void LogStartFailed(ILogger logger, string daemon, StartupReason? reason, string? detail);
}
