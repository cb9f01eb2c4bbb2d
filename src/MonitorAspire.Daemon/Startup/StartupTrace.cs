using System.Diagnostics;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Daemon.Startup;

/// <summary>
/// The daemon's part of the trace of its start. The phases are noted as they happen and become spans, with the times that were
/// noted, once the exporter exists: so claim and bind need not wait for the telemetry to be built.
/// </summary>
internal sealed class StartupTrace
{
    internal const string SourceName = "MonitorAspire.Daemon";

    private static readonly ActivitySource Source = new(SourceName, ProductVersion.Text);

    private readonly TimeProvider _time;
    private readonly ActivityContext _parent;
    private readonly List<Phase> _phases = [];
    private readonly TagList _tags;

    /// <summary>Begins with the context that the launcher handed down, where it did.</summary>
    internal StartupTrace(DaemonSettings settings, TimeProvider time, Func<string, string?> environment)
    {
        _time = time;
        // What cannot be parsed leaves the default: a trace of its own, which is what the W3C recommendation asks for.
        _ = ActivityContext.TryParse(environment("TRACEPARENT"), environment("TRACESTATE"), isRemote: true, out _parent);
        _tags = new TagList
        {
            { AttributeNames.DaemonName, settings.Name },
            { AttributeNames.DaemonPort, settings.Port },
            { AttributeNames.ProcessPid, Environment.ProcessId },
        };
    }

    /// <summary>Begins a phase.</summary>
    internal Phase Begin(string name)
    {
        var phase = new Phase(this, name, _time.GetUtcNow());
        _phases.Add(phase);
        return phase;
    }

    /// <summary>Makes the spans. To be called once, when whoever listens to the source does so.</summary>
    internal void Emit()
    {
        foreach (var phase in _phases)
        {
            using var activity = Source.StartActivity(phase.Name, ActivityKind.Internal, _parent, _tags, links: null, phase.Start);
            if (phase.ErrorType is not null)
            {
                activity?.SetTag(AttributeNames.ErrorType, phase.ErrorType);
                activity?.SetStatus(ActivityStatusCode.Error, phase.ErrorDetail);
            }

            activity?.SetEndTime((phase.End ?? _time.GetUtcNow()).UtcDateTime);
        }

        _phases.Clear();
    }

    /// <summary>One phase of the start.</summary>
    internal sealed class Phase(StartupTrace trace, string name, DateTimeOffset start)
    {
        internal string Name { get; } = name;

        internal DateTimeOffset Start { get; } = start;

        internal DateTimeOffset? End { get; private set; }

        internal string? ErrorType { get; private set; }

        internal string? ErrorDetail { get; private set; }

        internal void Done() => End = trace._time.GetUtcNow();

        internal void Fail(string errorType, string detail)
        {
            ErrorType = errorType;
            ErrorDetail = detail;
            Done();
        }
    }
}
