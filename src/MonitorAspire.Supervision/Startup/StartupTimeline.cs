using System.Diagnostics;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Durations and spans of the stages of one start. A start that another program began has begun before its timeline was made.</summary>
internal sealed class StartupTimeline(DaemonSpec spec, int attempt, TimeProvider time, string? traceParent = null, DateTimeOffset? beganAt = null) : IDisposable
{
    private readonly long _made = time.GetTimestamp();
    private readonly TimeSpan _before = Earlier(time.GetUtcNow(), beganAt);
    private readonly List<StageTiming> _stages = [];
    private readonly Activity? _startup = SupervisionTelemetry.StartStartup(spec, attempt, traceParent, beganAt ?? default);
    private Activity? _stageSpan;
    private TimeSpan? _stageBegan;

    /// <summary>When the next stage begins, if that is not now.</summary>
    private TimeSpan? _next = beganAt is null ? null : TimeSpan.Zero;

    internal StartupStage Stage { get; private set; }

    internal IReadOnlyList<StageTiming> Stages => _stages;

    /// <summary>Time since the start began.</summary>
    internal TimeSpan Elapsed => _before + Watched;

    /// <summary>Time since the timeline was made. The time limit counts from there.</summary>
    internal TimeSpan Watched => time.GetElapsedTime(_made);

    internal string? TraceId => _startup?.TraceId.ToHexString();

    /// <summary>W3C trace context for the process, so that its spans are part of this trace.</summary>
    internal (string? TraceParent, string? TraceState) Context => (_startup?.Id, _startup?.TraceStateString);

    internal void Enter(StartupStage stage)
    {
        Stage = stage;
        _stageBegan = _next ?? Elapsed;
        _stageSpan = SupervisionTelemetry.StartStage(stage, _next is null ? default : OnTheWall(_stageBegan.Value));
        _next = null;
    }

    /// <summary>Ends the current stage, if there is one. Without a failure it has passed.</summary>
    internal void Leave(StartupFailedException? failure = null) => End(Elapsed, failure);

    /// <summary>Ends the current stage, which has passed, at an earlier moment. The next stage begins then.</summary>
    internal void LeaveAt(DateTimeOffset? at)
    {
        var now = Elapsed;
        if (at is { } earlier && _stageBegan is { } began)
        {
            var end = now - Earlier(time.GetUtcNow(), earlier);
            _next = end < began ? began : end;
            _stageSpan?.SetEndTime(OnTheWall(_next.Value).UtcDateTime);
        }

        End(_next ?? now, failure: null);
    }

    /// <summary>Writes the result into the span of the start and into the metrics.</summary>
    internal void Complete(StartupReport report) => SupervisionTelemetry.EndStartup(_startup, report);

    public void Dispose()
    {
        _stageSpan?.Dispose();
        _startup?.Dispose();
    }

    private void End(TimeSpan at, StartupFailedException? failure)
    {
        if (_stageBegan is not { } began)
        {
            return;
        }

        _stages.Add(new StageTiming(Stage, Math.Round((at - began).TotalMilliseconds, 3)));
        if (failure is not null)
        {
            SupervisionTelemetry.Fail(_stageSpan, failure.Reason, failure.Message);
        }

        _stageSpan?.Dispose();
        _stageSpan = null;
        _stageBegan = null;
    }

    private DateTimeOffset OnTheWall(TimeSpan at) => time.GetUtcNow() - (Elapsed - at);

    // The clocks of two processes are the same, but a moment may be rounded.
    private static TimeSpan Earlier(DateTimeOffset now, DateTimeOffset? at) => at < now ? now - at.Value : TimeSpan.Zero;
}
