using System.Diagnostics;
using MonitorAspire.Daemon.Settings;
using MonitorAspire.ServiceDefaults;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Daemon.Startup;

/// <summary>The daemon's part of the trace of its start. The daemon records its phases first and makes spans of them when the exporter
/// exists. In this way claim and bind do not wait until telemetry is built.</summary>
internal sealed class StartupTrace
{
    private static readonly ActivitySource Source = new("MonitorAspire.Daemon", ProductVersion.Text);

    private readonly TimeProvider _time;
    private readonly ActivityContext _parent;
    private readonly List<Phase> _phases = [];
    private readonly TagList _tags;

    /// <summary>Starts with the context that the launcher passed in <c>TRACEPARENT</c>, if there is one.</summary>
    internal StartupTrace(DaemonSettings settings, TimeProvider time, Func<string, string?> environment)
    {
        _time = time;
        // A context that cannot be parsed means a new trace, as the W3C recommendation says.
        _ = ActivityContext.TryParse(environment("TRACEPARENT"), environment("TRACESTATE"), isRemote: true, out _parent);
        _tags = new TagList
        {
            { AttributeNames.DaemonName, settings.Name },
            { AttributeNames.DaemonPort, settings.Port },
            { AttributeNames.ProcessPid, Environment.ProcessId },
        };
    }

    internal Phase Begin(string name)
    {
        var phase = new Phase(name, _time);
        _phases.Add(phase);
        return phase;
    }

    /// <summary>Makes a span of each recorded phase. Call it once, when the exporter listens to the activity source.</summary>
    internal void Emit()
    {
        foreach (var phase in _phases)
        {
            using var activity = Source.StartActivity(phase.Name, ActivityKind.Internal, _parent, _tags, links: null, phase.Start);
            if (phase.Failure is var (reason, detail))
            {
                activity?.SetTag(AttributeNames.ErrorType, WireNames.Of(reason));
                activity?.SetStatus(ActivityStatusCode.Error, detail);
            }

            activity?.SetEndTime((phase.End ?? _time.GetUtcNow()).UtcDateTime);
        }

        _phases.Clear();
    }

    internal sealed class Phase(string name, TimeProvider time)
    {
        internal string Name => name;

        internal DateTimeOffset Start { get; } = time.GetUtcNow();

        internal DateTimeOffset? End { get; private set; }

        internal (StartupReason Reason, string Detail)? Failure { get; private set; }

        internal void Done() => End = time.GetUtcNow();

        internal void Fail(StartupReason reason, string detail)
        {
            Failure = (reason, detail);
            Done();
        }
    }
}
