using System.Collections.Concurrent;
using System.Diagnostics;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Launching;

/// <summary>The spans of the AppHost: one from its start until every daemon is verified, and below it one for each launch. The daemon gets
/// the launch as its parent, and so does the supervisor's verification. A launch that the supervisor requests belongs to the supervisor's
/// trace.</summary>
internal sealed class LaunchTraces(TimeProvider time) : IDisposable
{
    internal const string SourceName = "MonitorAspire.Hosting";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly ConcurrentDictionary<string, Launch> _launches = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _expected = new(StringComparer.OrdinalIgnoreCase);
    private Activity? _application;
    private Activity? _supervisor;

    internal void BeginApplication(int daemons)
    {
        _application = Begin("monitor.apphost.start", default);
        _application?.SetTag("monitor.daemons", daemons);
    }

    /// <summary>Ends the span of the application, because every daemon is verified.</summary>
    internal void EndApplication() => Interlocked.Exchange(ref _application, null)?.Dispose();

    /// <summary>Begins the span of a launch of the supervisor. It ends when the supervisor is heard.</summary>
    internal void BeginSupervisor() => Interlocked.Exchange(ref _supervisor, Begin("monitor.supervisor.start", _application?.Context ?? default))?.Dispose();

    internal void EndSupervisor() => Interlocked.Exchange(ref _supervisor, null)?.Dispose();

    /// <summary>Sets the trace that the next launch of a daemon belongs to.</summary>
    internal void ExpectLaunch(string daemon, string? traceParent)
    {
        if (traceParent is not null)
        {
            _expected[daemon] = traceParent;
        }
    }

    internal void BeginLaunch(string daemon, int? port)
    {
        var parent = _expected.TryRemove(daemon, out var expected) && ActivityContext.TryParse(expected, null, isRemote: true, out var context)
            ? context
            : _application?.Context ?? default;
        var span = Begin("monitor.launch", parent);
        if (span is not null)
        {
            span.DisplayName = $"monitor.launch {daemon}";
        }

        span?.SetTag(AttributeNames.DaemonName, daemon);
        span?.SetTag(AttributeNames.DaemonPort, port);
        if (_launches.TryGetValue(daemon, out var before))
        {
            before.Span?.Dispose();
        }

        _launches[daemon] = new Launch(span, time.GetUtcNow());
    }

    /// <summary>The port is free, and Aspire launches the process now.</summary>
    internal void PortIsChecked(string daemon) => Update(daemon, launch => launch with { CheckedAt = time.GetUtcNow() });

    /// <summary>Ends the span of a launch, because the process runs or the launch has failed.</summary>
    internal void EndLaunch(string daemon, int? pid, string? error)
    {
        if (_launches.TryGetValue(daemon, out var launch) && launch.RunsAt is null)
        {
            Update(daemon, l => l with { RunsAt = time.GetUtcNow() });
            launch.Span?.SetTag(AttributeNames.ProcessPid, pid);
            if (error is not null)
            {
                launch.Span?.SetStatus(ActivityStatusCode.Error, error);
            }

            launch.Span?.Stop();
        }
    }

    /// <summary>W3C trace context of the latest launch, or <see langword="null"/> without tracing.</summary>
    internal string? CurrentOf(string daemon) => _launches.GetValueOrDefault(daemon)?.Span?.Id;

    /// <summary>The latest launch of a daemon.</summary>
    internal Launch? Find(string daemon) => _launches.GetValueOrDefault(daemon);

    public void Dispose()
    {
        EndSupervisor();
        EndApplication();
        foreach (var launch in _launches.Values)
        {
            launch.Span?.Dispose();
        }
    }

    private void Update(string daemon, Func<Launch, Launch> change)
    {
        if (_launches.TryGetValue(daemon, out var launch))
        {
            _launches.TryUpdate(daemon, change(launch), launch);
        }
    }

    // The current activity can be a request or a command, which ends before this span and must not become its parent.
    private static Activity? Begin(string name, ActivityContext parent)
    {
        var before = Activity.Current;
        Activity.Current = null;
        try
        {
            return Source.StartActivity(name, ActivityKind.Internal, parent);
        }
        finally
        {
            Activity.Current = before;
        }
    }
}

/// <summary>One launch, with its moments as far as they have come.</summary>
internal sealed record Launch(Activity? Span, DateTimeOffset BeganAt)
{
    internal DateTimeOffset? CheckedAt { get; init; }

    internal DateTimeOffset? RunsAt { get; init; }
}
