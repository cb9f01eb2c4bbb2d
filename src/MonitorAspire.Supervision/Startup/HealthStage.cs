using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Stage five: the health check passes, and PID file and port still belong to the same process.</summary>
internal sealed class HealthStage(
    EngineParts parts, ClaimedPort claimed, StartingInstance instance, TimeSpan timeout, Func<TimeSpan> left, PidFileStage pidFile, PortBoundStage port) : IWaitingStage
{
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(1);

    private HealthResult? _last;

    public StartupStage Stage => StartupStage.Health;

    public async ValueTask<bool> PassesAsync(CancellationToken cancellationToken)
    {
        var limit = left() is var rest && rest < timeout ? rest : timeout;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var probe = parts.ProbeHealthAsync(claimed.Spec, instance.Signs, limit > ShortestTimeout ? limit : ShortestTimeout, ended.Token);

        // The exit of the process ends the start at once, also during a request.
        await Task.WhenAny(probe, instance.Exited).ConfigureAwait(false);
        if (!probe.IsCompleted)
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await ((Task)probe).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }

        var result = await probe.ConfigureAwait(false);

        // The end of the start may cut the last request short. Then the answer before it says more.
        if (_last is null || result.StatusCode is not null || limit == timeout)
        {
            _last = result;
        }

        if (!result.IsHealthy || instance.Exited.IsCompleted)
        {
            return false;
        }

        if (pidFile.NamesTheInstance)
        {
            return await port.PassesAsync(cancellationToken).ConfigureAwait(false);
        }

        // The daemon forked after stage three. The PID file or the instance is corrected, and all is checked once more.
        await pidFile.PassesAsync(cancellationToken).ConfigureAwait(false);
        return false;
    }

    public StartupFailedException TimedOut(string limit)
    {
        var (pid, path, number) = (instance.Root.Pid, claimed.Spec.HealthPath, claimed.Spec.Port);
        return _last?.Outcome switch
        {
            HealthOutcome.Healthy when !pidFile.NamesTheInstance => pidFile.TimedOut(limit),
            HealthOutcome.Healthy when port.Owned == false => port.TimedOut(limit),
            HealthOutcome.Status => new(StartupReason.HealthStatus, $"{path} of PID {pid} still answers {_last.Detail} after {limit}"),
            HealthOutcome.IdentityMismatch => new(StartupReason.HealthIdentityMismatch, $"{path} on port {number} answers for another process: {_last.Detail}"),
            HealthOutcome.Unreachable => new(StartupReason.HealthUnreachable, $"PID {pid} owns port {number}, but {path} cannot be reached after {limit}: {_last.Detail}"),
            _ => new(StartupReason.TimedOut, $"PID {pid} owns port {number}, but {path} gives no answer within {limit}"),
        };
    }
}
