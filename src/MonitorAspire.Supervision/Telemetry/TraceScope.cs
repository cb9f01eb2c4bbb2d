using System.Diagnostics;

namespace MonitorAspire.Supervision.Telemetry;

/// <summary>Gives log lines the trace of a start that has ended. Nothing is exported for it.</summary>
internal readonly struct TraceScope : IDisposable
{
    private readonly Activity? _before;
    private readonly Activity? _activity;

    private TraceScope(string traceId)
    {
        _before = Activity.Current;

        // A parent that is set explicitly has precedence over the current activity.
        _activity = new Activity("monitor.log").SetParentId(ActivityTraceId.CreateFromString(traceId), ActivitySpanId.CreateRandom()).Start();
    }

    /// <summary>Makes a trace the current one until the scope is disposed.</summary>
    /// <param name="traceId">The trace in hexadecimal; <see langword="null"/> without tracing, then nothing is changed.</param>
    internal static TraceScope Enter(string? traceId) => traceId is null ? default : new TraceScope(traceId);

    public void Dispose()
    {
        if (_activity is not null)
        {
            _activity.Dispose();
            Activity.Current = _before;
        }
    }
}
