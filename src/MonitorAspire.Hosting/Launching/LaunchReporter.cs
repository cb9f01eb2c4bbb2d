using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Hosting.Launching;

/// <summary>Makes reports for the supervisor from the states of Aspire's processes.</summary>
internal sealed partial class LaunchReporter(
    ResourceNotificationService notifications, ResourceLoggerService loggers, LaunchTraces traces, DaemonDisplay display, ILogger<LaunchReporter> logger)
{
    private const int LogLines = 20;

    /// <summary>The end of a stored log comes at once. A stream that goes on is read for this long.</summary>
    private static readonly TimeSpan LogTimeout = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LauncherReport> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _stoppedBySupervisor = new(StringComparer.OrdinalIgnoreCase);
    private Action<LauncherMessage>? _send;

    internal LauncherReport? Find(string daemon)
    {
        lock (_lock)
        {
            return _current.GetValueOrDefault(daemon);
        }
    }

    /// <summary>Sends the latest report of each daemon, and from now on each new one.</summary>
    internal void Attach(Action<LauncherMessage> send)
    {
        lock (_lock)
        {
            _send = send;
            foreach (var report in _current.Values)
            {
                send(report);
            }
        }
    }

    internal void Detach()
    {
        lock (_lock)
        {
            _send = null;
        }
    }

    /// <summary>Watches the processes until the application stops.</summary>
    internal async Task WatchAsync(IReadOnlyList<SupervisedResource> supervised, CancellationToken cancellationToken)
    {
        var trackers = supervised.ToDictionary(s => (IResource)s.Resource, s => new LaunchTracker(s.Name));
        var adapted = new HashSet<IResource>();
        try
        {
            await foreach (var seen in notifications.WatchAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!trackers.TryGetValue(seen.Resource, out var tracker))
                {
                    continue;
                }

                if (seen.Snapshot.Commands.Any(c => c.Name == KnownResourceCommands.StopCommand) && adapted.Add(seen.Resource))
                {
                    SupervisedCommands.AdaptLifecycle(seen.Resource, tracker.Daemon);
                    _ = notifications.PublishUpdateAsync(seen.Resource, SupervisedCommands.InOrder);
                }

                display.KeepState(tracker.Daemon, seen.Snapshot);
                if (tracker.Observe(seen.Snapshot) is { } report)
                {
                    Report(await CompleteAsync(seen.Resource, report).ConfigureAwait(false));
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The application stops.
        }
    }

    /// <summary>
    /// The supervisor asks for a stop. Until the next launch, no report says that a person stopped the process: the supervisor may die before it asks
    /// for the start that follows, and the next one has to ask for it.
    /// </summary>
    internal void ExpectStop(string daemon)
    {
        lock (_lock)
        {
            _stoppedBySupervisor.Add(daemon);
        }
    }

    /// <summary>The stop that the supervisor asked for has failed. The next one may be a person's.</summary>
    internal void ForgetStop(string daemon)
    {
        lock (_lock)
        {
            _stoppedBySupervisor.Remove(daemon);
        }
    }

    /// <summary>Tells the supervisor that a person's command stops the process. It is told before the stop: the process may close its port at once,
    /// and the supervisor would take that for a failure.</summary>
    internal void AnnounceStop(string daemon)
    {
        lock (_lock)
        {
            if (_current.GetValueOrDefault(daemon) is { State: LauncherState.Running } running)
            {
                var stopping = running with { State = LauncherState.Stopping, OnPurpose = !_stoppedBySupervisor.Contains(daemon) };
                _current[daemon] = stopping;
                _send?.Invoke(stopping);
            }
        }
    }

    private async Task<LauncherReport> CompleteAsync(IResource resource, LauncherReport report) => report with
    {
        TraceParent = traces.CurrentOf(report.Daemon),
        Detail = report.State == LauncherState.Failed ? display.RefusalOf(report.Daemon) ?? "Aspire could not launch it; its console log says why" : null,
        LogTail = report is { State: LauncherState.Failed } or { State: LauncherState.Ended, OnPurpose: false } ? await LogTailAsync(resource).ConfigureAwait(false) : [],
    };

    internal void Report(LauncherReport report)
    {
        if (report.State is LauncherState.Running or LauncherState.Ended or LauncherState.Failed)
        {
            traces.EndLaunch(report.Daemon, report.Pid, report.Detail);
        }

        if (report.State == LauncherState.Running && traces.Find(report.Daemon) is { } launch)
        {
            report = report with { BeganAt = launch.BeganAt, CheckedAt = launch.CheckedAt, RunsAt = launch.RunsAt };
        }

        LogReport(report.Daemon, report.State, report.Pid);
        lock (_lock)
        {
            if (report.State == LauncherState.Running)
            {
                _stoppedBySupervisor.Remove(report.Daemon);
            }

            report = report with { OnPurpose = report.OnPurpose && !_stoppedBySupervisor.Contains(report.Daemon) };
            _current[report.Daemon] = report;
            _send?.Invoke(report);
        }
    }

    private async Task<IReadOnlyList<string>> LogTailAsync(IResource resource)
    {
        var log = new List<LogLine>();
        using var limit = new CancellationTokenSource(LogTimeout, TimeProvider.System);
        try
        {
            await foreach (var lines in loggers.GetAllAsync(resource).WithCancellation(limit.Token).ConfigureAwait(false))
            {
                log.AddRange(lines);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // The report is sent with the lines that there are.
        }

        return [.. log.TakeLast(LogLines).Select(line => line.Content)];
    }

    [LoggerMessage(1, LogLevel.Debug, "{Daemon} is {State} (PID {Pid})")]
    private partial void LogReport(string daemon, LauncherState state, int? pid);
}
