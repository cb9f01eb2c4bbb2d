using System.Collections.Concurrent;
using System.Threading.Channels;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>
/// The AppHost's half of supervision: tells the supervisor what Aspire's processes do, carries out what it decides with Aspire's own
/// commands, and shows what it says. Comes back by itself when the supervisor was away.
/// </summary>
internal sealed partial class SupervisorLink(
    SupervisorClient client,
    DaemonBoard board,
    LaunchTraces traces,
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    ResourceCommandService commands,
    ResourceLoggerService loggers,
    ILogger<SupervisorLink> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LogTime = TimeSpan.FromSeconds(1);
    private const int LogLines = 20;

    private readonly ConcurrentDictionary<string, LauncherReport> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly Channel<(string Daemon, LauncherReport Report)> _news = Channel.CreateUnbounded<(string, LauncherReport)>();
    private IReadOnlyList<SupervisedResource> _supervised = [];

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A model that cannot be supervised has stopped the application before this.
        _supervised = SupervisedResource.In(model);
        return Task.WhenAll(WatchResourcesAsync(stoppingToken), TalkAsync(stoppingToken));
    }

    private async Task WatchResourcesAsync(CancellationToken cancellationToken)
    {
        var trackers = _supervised.ToDictionary(s => (IResource)s.Resource, s => (Supervised: s, Tracker: new LaunchTracker()));
        try
        {
            await foreach (var seen in notifications.WatchAsync(cancellationToken).ConfigureAwait(false))
            {
                if (trackers.TryGetValue(seen.Resource, out var tracked) && tracked.Tracker.Observe(seen.Snapshot) is { } report)
                {
                    await NoteAsync(tracked.Supervised, report).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task NoteAsync(SupervisedResource supervised, LauncherReport report)
    {
        report = report with
        {
            TraceParent = traces.CurrentOf(supervised.Name),
            Detail = report.State == LauncherState.Failed ? board.RefusalOf(supervised.Name) ?? "Aspire could not launch it; its console log says why" : null,
            LogTail = report is { State: LauncherState.Failed } or { State: LauncherState.Ended, OnPurpose: false } ? await LogTailAsync(supervised.Resource).ConfigureAwait(false) : [],
        };
        if (report.State is LauncherState.Running or LauncherState.Ended or LauncherState.Failed)
        {
            traces.EndLaunch(supervised.Name, report.Pid, report.Detail);
        }

        LogReport(supervised.Name, report.State, report.Pid);
        _current[supervised.Name] = report;
        _news.Writer.TryWrite((supervised.Name, report));
    }

    private async Task<IReadOnlyList<string>> LogTailAsync(IResource resource)
    {
        var tail = new Queue<string>();
        using var limit = new CancellationTokenSource(LogTime);
        try
        {
            await foreach (var lines in loggers.GetAllAsync(resource).WithCancellation(limit.Token).ConfigureAwait(false))
            {
                foreach (var line in lines)
                {
                    tail.Enqueue(line.Content);
                    if (tail.Count > LogLines)
                    {
                        tail.Dequeue();
                    }
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            // What came within the time is better than nothing, and a log is not worth a failure.
        }

        return [.. tail];
    }

    private async Task TalkAsync(CancellationToken stoppingToken)
    {
        var pause = FirstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            using var session = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            try
            {
                await UpdateAllAsync(session.Token).ConfigureAwait(false);
                LogConnected();
                pause = FirstPause;
                Task[] talks =
                [
                    ReportAsync(session.Token),
                    CarryOutAsync(session.Token),
                    ShowAsync(session.Token),
                    RefreshAsync(session.Token),
                ];
                var first = await Task.WhenAny(talks).ConfigureAwait(false);
                await session.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(talks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await first.ConfigureAwait(false);
                LogGone("it ended the conversation");
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogGone(e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task ReportAsync(CancellationToken cancellationToken)
    {
        // A supervisor that was away knows nothing: everything first, and then what is new.
        while (_news.Reader.TryRead(out _))
        {
        }

        foreach (var (daemon, report) in _current)
        {
            await client.ReportAsync(daemon, report, cancellationToken).ConfigureAwait(false);
        }

        await foreach (var (daemon, report) in _news.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await client.ReportAsync(daemon, report, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task CarryOutAsync(CancellationToken cancellationToken)
    {
        var running = new List<Task>();
        await foreach (var request in client.WatchRequestsAsync(cancellationToken).ConfigureAwait(false))
        {
            running.RemoveAll(static task => task.IsCompleted);
            running.Add(Task.Run(() => CarryOutAsync(request, cancellationToken), cancellationToken));
        }
    }

    private async Task CarryOutAsync(LauncherRequest request, CancellationToken cancellationToken)
    {
        string? error;
        try
        {
            error = await ExecuteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            error = e.Message;
        }

        LogCarriedOut(request.Action, request.Daemon, error ?? "done");
        try
        {
            await client.AnswerAsync(request.Id, new LauncherAnswer(error), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogGone(e.Message);
        }
    }

    private async Task<string?> ExecuteAsync(LauncherRequest request, CancellationToken cancellationToken)
    {
        if (_supervised.FirstOrDefault(s => string.Equals(s.Name, request.Daemon, StringComparison.OrdinalIgnoreCase)) is not { } supervised)
        {
            return $"this application has no resource for '{request.Daemon}'";
        }

        var resource = supervised.Resource;
        if (request.Action == LauncherAction.Stop)
        {
            // Nothing runs, so there is nothing that Aspire could stop.
            if (_current.GetValueOrDefault(supervised.Name)?.State is not (LauncherState.Running or LauncherState.Stopping))
            {
                return null;
            }

            var stopped = await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StopCommand, cancellationToken).ConfigureAwait(false);
            return stopped.Success ? null : stopped.Message ?? "Aspire could not stop it";
        }

        traces.Ask(supervised.Name, request.TraceParent);
        var started = await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StartCommand, cancellationToken).ConfigureAwait(false);
        return started.Success ? null : board.RefusalOf(supervised.Name) ?? started.Message ?? "Aspire could not start it";
    }

    private async Task ShowAsync(CancellationToken cancellationToken)
    {
        await foreach (var happened in client.WatchEventsAsync(cancellationToken).ConfigureAwait(false))
        {
            await ShowAsync(happened.Daemon).ConfigureAwait(false);
        }
    }

    // Probes that find what the last one found are no events, and what happened between two streams was seen by nobody.
    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RefreshInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await UpdateAllAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task UpdateAllAsync(CancellationToken cancellationToken)
    {
        foreach (var daemon in await client.GetDaemonsAsync(cancellationToken).ConfigureAwait(false))
        {
            await ShowAsync(daemon).ConfigureAwait(false);
        }
    }

    private async Task ShowAsync(DaemonSnapshot daemon)
    {
        await board.UpdateAsync(daemon).ConfigureAwait(false);
        if (_supervised.All(s => board.Find(s.Name)?.State == DaemonState.Running))
        {
            traces.EndApplication();
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Connected with the supervisor")]
    private partial void LogConnected();

    [LoggerMessage(2, LogLevel.Debug, "The supervisor is not there: {Reason}")]
    private partial void LogGone(string reason);

    [LoggerMessage(3, LogLevel.Debug, "{Daemon} is {State} (PID {Pid})")]
    private partial void LogReport(string daemon, LauncherState state, int? pid);

    [LoggerMessage(4, LogLevel.Information, "Asked by the supervisor to {Action} {Daemon}: {Outcome}")]
    private partial void LogCarriedOut(LauncherAction action, string daemon, string outcome);
}
