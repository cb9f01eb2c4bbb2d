using System.Collections.Concurrent;
using System.Diagnostics;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Launching;

/// <summary>The spans of the AppHost: one from its start until every daemon is verified, and below it one for each launch. The daemon gets
/// the launch as its parent, and so does the supervisor's verification. A launch that the supervisor requests belongs to the supervisor's
/// trace.</summary>
internal sealed class LaunchTraces : IDisposable
{
    internal const string SourceName = "MonitorAspire.Hosting";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly ConcurrentDictionary<string, Activity?> _launches = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _expected = new(StringComparer.OrdinalIgnoreCase);
    private Activity? _application;

    internal void BeginApplication(int daemons)
    {
        _application = Begin("monitor.apphost.start", default);
        _application?.SetTag("monitor.daemons", daemons);
    }

    /// <summary>Ends the span of the application, because every daemon is verified.</summary>
    internal void EndApplication() => Interlocked.Exchange(ref _application, null)?.Dispose();

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
        var launch = Begin("monitor.launch", parent);
        launch?.SetTag(AttributeNames.DaemonName, daemon);
        launch?.SetTag(AttributeNames.DaemonPort, port);
        if (_launches.TryGetValue(daemon, out var before))
        {
            before?.Dispose();
        }

        _launches[daemon] = launch;
    }

    internal void EndLaunch(string daemon, int? pid, string? error)
    {
        if (_launches.TryGetValue(daemon, out var launch) && launch is { IsStopped: false })
        {
            launch.SetTag(AttributeNames.ProcessPid, pid);
            if (error is not null)
            {
                launch.SetStatus(ActivityStatusCode.Error, error);
            }

            launch.Stop();
        }
    }

    /// <summary>W3C trace context of the latest launch, or <see langword="null"/> without tracing.</summary>
    internal string? CurrentOf(string daemon) => _launches.GetValueOrDefault(daemon)?.Id;

    public void Dispose()
    {
        EndApplication();
        foreach (var launch in _launches.Values)
        {
            launch?.Dispose();
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
