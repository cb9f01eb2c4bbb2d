using System.Diagnostics;

namespace MonitorAspire.Supervision.Startup;

/// <summary>The stages of one start with their durations and their spans.</summary>
internal sealed class StartupTimeline : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly List<StageTiming> _stages = [];
    private readonly Activity? _startup;
    private Activity? _stageSpan;
    private long _stageStarted;

    internal StartupTimeline(string name, int port, int attempt, TimeProvider time)
    {
        _time = time;
        _started = time.GetTimestamp();
        _startup = StartupTelemetry.BeginStartup(name, port, attempt);
    }

    /// <summary>The stage that is under way, or that was when the start ended.</summary>
    internal StartupStage Stage { get; private set; }

    internal IReadOnlyList<StageTiming> Stages => _stages;

    internal TimeSpan Elapsed => _time.GetElapsedTime(_started);

    internal string? TraceId => _startup?.TraceId.ToHexString();

    /// <summary>W3C trace context for the child, so that the daemon's own spans join this trace.</summary>
    internal (string? TraceParent, string? TraceState) Context => (_startup?.Id, _startup?.TraceStateString);

    internal void Enter(StartupStage stage)
    {
        Stage = stage;
        _stageStarted = _time.GetTimestamp();
        _stageSpan = StartupTelemetry.BeginStage(stage, _startup);
    }

    internal void Pass() => EndStage(null);

    /// <summary>Ends the start: the span of the stage it ended in, the start's own span, and the metrics.</summary>
    internal void Complete(StartupVerdict verdict, StartupReason? reason, string? detail, Identity.ProcessIdentity? identity, DateTimeOffset? createdAt, int port)
    {
        if (_stageSpan is not null || _stageStarted != 0)
        {
            EndStage(reason);
        }

        StartupTelemetry.EndStartup(_startup, verdict, reason, detail, identity, createdAt, port, Elapsed);
    }

    public void Dispose()
    {
        _stageSpan?.Dispose();
        _startup?.Dispose();
    }

    private void EndStage(StartupReason? failure)
    {
        var duration = _time.GetElapsedTime(_stageStarted);
        _stages.Add(new StageTiming(Stage, Math.Round(duration.TotalMilliseconds, 3)));
        StartupTelemetry.EndStage(_stageSpan, Stage, failure, duration);
        _stageSpan = null;
        _stageStarted = 0;
    }
}
