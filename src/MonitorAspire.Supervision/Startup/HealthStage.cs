using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Stage five: the health check passes, and PID file and port still belong to the same process.</summary>
/// <remarks>
/// A single check has no time limit but that of the start, unless the daemon's definition has one. So that one request which is lost does not
/// hold up the start, another request is made beside it after two seconds, and again after twice that time, at most a minute.
/// </remarks>
internal sealed class HealthStage(
    EngineParts parts, ClaimedPort claimed, StartingInstance instance, Func<TimeSpan> left, PidFileStage pidFile, PortBoundStage port) : IWaitingStage
{
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ExplanationInterval = TimeSpan.FromSeconds(1);

    private readonly CheckLimits _limits = claimed.Spec.Health.Startup ?? new CheckLimits();
    private readonly InstanceHealth _health = new(parts, claimed.Spec, instance.Record);
    private readonly long _entered = parts.Time.GetTimestamp();
    private TimeSpan? _explainedAt;
    private bool _explains;
    private TimeSpan? _nextAt;
    private HealthResult? _last;
    private int _failures;

    public StartupStage Stage => StartupStage.Health;

    private TimeSpan Now => parts.Time.GetElapsedTime(_entered);

    public async ValueTask<bool> PassesAsync(CancellationToken cancellationToken)
    {
        if (_nextAt > Now)
        {
            return false;
        }

        _nextAt = _limits.Interval is { } interval ? Now + interval : null;
        if (await CheckAsync(cancellationToken).ConfigureAwait(false) is not { } result)
        {
            return false;
        }

        Remember(result);
        if (!result.IsHealthy)
        {
            _failures++;
            return _failures < _limits.Failures.GetValueOrDefault(int.MaxValue) ? false
                : throw TimedOut($"{_failures} checks");
        }

        if (instance.Exited.IsCompleted)
        {
            return false;
        }

        if (NamedMainProcess is { } main && main != instance.Root.Pid && instance.TryMoveTo(main))
        {
            // The PID file is written again for the process that the daemon has named, and all is checked once more.
            await pidFile.PassesAsync(cancellationToken).ConfigureAwait(false);
            return false;
        }

        if (pidFile.NamesTheInstance)
        {
            return port.PassesNow();
        }

        // The daemon forked after stage three. The PID file or the instance is corrected, and all is checked once more.
        await pidFile.PassesAsync(cancellationToken).ConfigureAwait(false);
        return false;
    }

    public StartupFailedException TimedOut(string limit)
    {
        var (pid, number) = (instance.Root.Pid, claimed.Spec.Port);
        return _last?.Outcome switch
        {
            HealthOutcome.Healthy when !pidFile.NamesTheInstance => pidFile.TimedOut(limit),
            HealthOutcome.Healthy when port.Owned == false => port.TimedOut(limit),
            HealthOutcome.Status => Failure(StartupReason.HealthStatus, $"PID {pid} is not healthy after {limit}: {_last.Detail}"),
            HealthOutcome.IdentityMismatch => Failure(StartupReason.HealthIdentityMismatch, $"port {number} answers for another process: {_last.Detail}"),
            HealthOutcome.Unreachable => Failure(StartupReason.HealthUnreachable, $"PID {pid} owns port {number}, but is not healthy after {limit}: {_last.Detail}"),
            _ => Failure(StartupReason.TimedOut, $"PID {pid} owns port {number}, but is not healthy after {limit}: {_last?.Detail ?? "no check has ended"}"),
        };
    }

    private StartupFailedException Failure(StartupReason reason, string detail) => new(reason, detail) { HealthAnswer = _last?.ToAnswer() };

    private int? NamedMainProcess => OperatingSystem.IsLinux() ? parts.Notifications.Find(claimed.Spec.Port)?.Latest.MainPid : null;

    private void Remember(HealthResult result)
    {
        // The end of the start may cut the last request short. Then the answer before it says more. So does the explanation of the same failure.
        var isCutShort = result.Outcome == HealthOutcome.TimedOut && result.Latency < FirstPatience && _last is { Outcome: not HealthOutcome.TimedOut };
        var isExplained = !_explains && _last is not null && (_last.Outcome, _last.StatusCode, _last.Connected) == (result.Outcome, result.StatusCode, result.Connected);
        _last = isCutShort || (isExplained && !result.IsHealthy && _last!.Detail.Length > result.Detail.Length) ? _last : result;
    }

    // The first check that ends well, or the one that says most. Null when the process has ended.
    private async Task<HealthResult?> CheckAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var checks = new List<Task<HealthResult>> { BeginCheck(ended.Token) };
        var mayRepeat = _limits.Timeout is null && claimed.Spec.Health.Kind is not HealthCheckKind.Command;
        var patience = FirstPatience;
        var repeat = Task.Delay(mayRepeat ? patience : Timeout.InfiniteTimeSpan, parts.Time, ended.Token);
        HealthResult? best = null;
        try
        {
            while (true)
            {
                // The exit of the process ends the start at once, also during a request.
                var first = await Task.WhenAny([instance.Exited, .. checks, repeat]).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                if (first is Task<HealthResult> check)
                {
                    checks.Remove(check);
                    var result = await check.ConfigureAwait(false);
                    best = best is null || result.Outcome != HealthOutcome.TimedOut || result.Latency > best.Latency ? result : best;
                    if (result.IsHealthy || checks.Count == 0)
                    {
                        return result.IsHealthy ? result : best;
                    }

                    // An earlier check still waits for its answer, and this one has failed.
                    repeat = Task.Delay(RepeatInterval, parts.Time, ended.Token);
                }
                else if (first == repeat)
                {
                    checks.Add(BeginCheck(ended.Token));
                    patience = patience * 2 < LongestPatience ? patience * 2 : LongestPatience;
                    repeat = Task.Delay(patience, parts.Time, ended.Token);
                }
                else
                {
                    return null;
                }
            }
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(checks)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<HealthResult> BeginCheck(CancellationToken cancellationToken)
    {
        var limit = _limits.Timeout is { } own && own < left() ? own : left();
        _explains = _explainedAt is not { } at || Now - at >= ExplanationInterval;
        _explainedAt = _explains ? Now : _explainedAt;
        return _health.CheckAsync(
            instance.Signs, new CheckOptions(limit > ShortestTimeout ? limit : ShortestTimeout, Explains: _explains), cancellationToken);
    }
}
