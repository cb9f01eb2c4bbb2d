using System.Collections.Concurrent;
using System.Diagnostics;
using MonitorAspire.Supervision.Telemetry;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>
/// The spans of the AppHost: one from its start until every daemon is verified, and below it one for each launch, which the daemon is
/// handed and the supervisor's verification joins. A launch that the supervisor asks for belongs to the supervisor's trace instead.
/// </summary>
internal sealed class LaunchTraces : IDisposable
{
    /// <summary>Name of the activity source.</summary>
    internal const string SourceName = "MonitorAspire.Hosting";

    private static readonly ActivitySource Source = new(SourceName);

    private readonly ConcurrentDictionary<string, Activity?> _launches = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, string> _asked = new(StringComparer.OrdinalIgnoreCase);
    private Activity? _application;

    /// <summary>Begins the trace of the application.</summary>
    internal void BeginApplication(int daemons)
    {
        _application = Begin("monitor.apphost.start", default);
        _application?.SetTag("monitor.daemons", daemons);
    }

    /// <summary>Every daemon is verified.</summary>
    internal void EndApplication() => Interlocked.Exchange(ref _application, null)?.Dispose();

    /// <summary>The next launch belongs to this trace.</summary>
    internal void Ask(string daemon, string? traceParent)
    {
        if (traceParent is not null)
        {
            _asked[daemon] = traceParent;
        }
    }

    /// <summary>Begins a launch.</summary>
    internal void BeginLaunch(string daemon, int? port)
    {
        var parent = _asked.TryRemove(daemon, out var asked) && ActivityContext.TryParse(asked, null, isRemote: true, out var context)
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

    /// <summary>The launch is over: the process is there, or it is not.</summary>
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

    /// <summary>W3C trace context of the latest launch, or <see langword="null"/> where nobody listens.</summary>
    internal string? CurrentOf(string daemon) => _launches.GetValueOrDefault(daemon)?.Id;

    public void Dispose()
    {
        EndApplication();
        foreach (var launch in _launches.Values)
        {
            launch?.Dispose();
        }
    }

    // Whatever is current here is a request or a command of somebody else's, and must not become the parent of what outlives it.
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
