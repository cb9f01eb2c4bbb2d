using System.Diagnostics;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Durations and spans of the stages of one start.</summary>
internal sealed class StartupTimeline(DaemonSpec spec, int attempt, TimeProvider time, string? traceParent = null) : IDisposable
{
    private readonly long _started = time.GetTimestamp();
    private readonly List<StageTiming> _stages = [];
    private readonly Activity? _startup = SupervisionTelemetry.StartStartup(spec, attempt, traceParent);
    private Activity? _stageSpan;
    private long? _stageStarted;

    internal StartupStage Stage { get; private set; }

    internal IReadOnlyList<StageTiming> Stages => _stages;

    internal TimeSpan Elapsed => time.GetElapsedTime(_started);

    internal string? TraceId => _startup?.TraceId.ToHexString();

    /// <summary>W3C trace context for the process, so that its spans are part of this trace.</summary>
    internal (string? TraceParent, string? TraceState) Context => (_startup?.Id, _startup?.TraceStateString);

    internal void Enter(StartupStage stage)
    {
        Stage = stage;
        _stageStarted = time.GetTimestamp();
        _stageSpan = SupervisionTelemetry.StartStage(stage);
    }

    /// <summary>Ends the current stage, if there is one. Without a failure it has passed.</summary>
    internal void Leave(StartupFailedException? failure = null)
    {
        if (_stageStarted is not { } started)
        {
            return;
        }

        _stages.Add(new StageTiming(Stage, Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 3)));
        if (failure is not null)
        {
            SupervisionTelemetry.Fail(_stageSpan, failure.Reason, failure.Message);
        }

        _stageSpan?.Dispose();
        _stageSpan = null;
        _stageStarted = null;
    }

    /// <summary>Writes the result into the span of the start and into the metrics.</summary>
    internal void Complete(StartupReport report) => SupervisionTelemetry.EndStartup(_startup, report);

    public void Dispose()
    {
        _stageSpan?.Dispose();
        _startup?.Dispose();
    }
}
