using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Dashboard;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;

namespace MonitorAspire.Hosting.Supervisor;

/// <summary>Connects the AppHost with the supervisor: reports the state of Aspire's processes, carries out requests with Aspire's own
/// commands, and shows the daemons in the dashboard. Connects again when the connection is lost.</summary>
internal sealed partial class SupervisorConnection(
    SupervisorClient client,
    LaunchReporter reporter,
    DaemonDisplay display,
    SupervisorDisplay supervisorDisplay,
    LaunchTraces traces,
    DistributedApplicationModel model,
    ResourceCommandService commands,
    TimeProvider time,
    ILogger<SupervisorConnection> logger) : EarlyBackgroundService
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>A request that was not answered before the connection was lost comes again within this many requests.</summary>
    private const int KeptResults = 100;

    private readonly ConcurrentDictionary<long, Lazy<Task<string?>>> _results = new();
    private IReadOnlyList<SupervisedResource> _supervised = [];
    private DateTimeOffset _lastMessageAt;
    private ITimer? _silence;
    private bool _foreignReported;

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A resource that cannot be supervised has already stopped the application with an exception.
        _supervised = SupervisedResource.AllOf(model);
        return Task.WhenAll(reporter.WatchAsync(_supervised, stoppingToken), KeepConnectedAsync(stoppingToken));
    }

    private async Task KeepConnectedAsync(CancellationToken stoppingToken)
    {
        await using var silence = _silence = time.CreateTimer(_ => _ = ShowSilenceAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var delay = FirstDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                using var socket = await client.ConnectAsync(stoppingToken).ConfigureAwait(false);
                LogConnected();
                delay = FirstDelay;
                _foreignReported = false;
                LogDisconnected(await ServeAsync(new LauncherConnection(socket), stoppingToken).ConfigureAwait(false));
            }
            catch (ForeignSupervisorException e) when (!_foreignReported && !stoppingToken.IsCancellationRequested)
            {
                _foreignReported = true;
                LogForeign(e.Message);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogDisconnected(e.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(delay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task<string> ServeAsync(LauncherConnection connection, CancellationToken stoppingToken)
    {
        reporter.Attach(connection.Send);
        try
        {
            return await connection.RunAsync(message => ReceiveAsync(connection, message, stoppingToken), stoppingToken).ConfigureAwait(false);
        }
        finally
        {
            reporter.Detach();
        }
    }

    private async Task ReceiveAsync(LauncherConnection connection, LauncherMessage message, CancellationToken cancellationToken)
    {
        _lastMessageAt = time.GetUtcNow();
        _silence?.Change(LauncherConnection.SilenceLimit, Timeout.InfiniteTimeSpan);
        traces.EndSupervisor();
        await supervisorDisplay.ShowHeardAsync().ConfigureAwait(false);
        switch (message)
        {
            case DaemonUpdate { Daemon: var daemon }:
                await display.UpdateAsync(daemon).ConfigureAwait(false);
                if (_supervised.All(s => display.Find(s.Name)?.State == DaemonState.Running))
                {
                    traces.EndApplication();
                }

                break;
            case LauncherRequest request:
                _ = AnswerAsync(connection, request, cancellationToken);
                break;
        }
    }

    // A supervisor that is stopped (SIGSTOP) keeps its connection for a while, so only a message proves that it watches.
    private Task ShowSilenceAsync() => Task.WhenAll(
        display.ShowConnectionLostAsync(_lastMessageAt), supervisorDisplay.ShowLostAsync($"no word from it since {DaemonProperties.Time(_lastMessageAt)}"));

    // A request that comes again over a new connection gets the result of the first time.
    private async Task AnswerAsync(LauncherConnection connection, LauncherRequest request, CancellationToken cancellationToken)
    {
        var result = _results.GetOrAdd(request.Id, _ => new Lazy<Task<string?>>(() => CarryOutAsync(request, cancellationToken)));
        foreach (var old in _results.Keys.Where(id => id < request.Id - KeptResults))
        {
            _results.TryRemove(old, out _);
        }

        connection.Send(new LauncherAnswer(request.Id, await result.Value.ConfigureAwait(false)));
    }

    /// <summary>Carries out a request. Returns why it was refused, or <see langword="null"/>.</summary>
    private async Task<string?> CarryOutAsync(LauncherRequest request, CancellationToken cancellationToken)
    {
        string? error;
        try
        {
            error = await ExecuteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e.Message;
        }

        LogCarriedOut(request.Action, request.Daemon, error ?? "done");
        return error;
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
            // Without a process there is nothing that Aspire could stop.
            if (reporter.Find(supervised.Name)?.State is not (LauncherState.Running or LauncherState.Stopping))
            {
                return null;
            }

            reporter.ExpectStop(supervised.Name);
            var stopped = await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StopCommand, cancellationToken).ConfigureAwait(false);
            if (stopped.Success)
            {
                return null;
            }

            reporter.ForgetStop(supervised.Name);
            return stopped.Message ?? "Aspire could not stop it";
        }

        traces.ExpectLaunch(supervised.Name, request.TraceParent);
        var started = await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StartCommand, cancellationToken).ConfigureAwait(false);
        return started.Success ? null : display.RefusalOf(supervised.Name) ?? started.Message ?? "Aspire could not start it";
    }

    [LoggerMessage(1, LogLevel.Information, "Connected to the supervisor")]
    private partial void LogConnected();

    [LoggerMessage(2, LogLevel.Debug, "Not connected to the supervisor: {Reason}")]
    private partial void LogDisconnected(string reason);

    [LoggerMessage(4, LogLevel.Error, "No resource is supervised: {Problem}. Stop that program, or give the supervisor another port")]
    private partial void LogForeign(string problem);

    [LoggerMessage(3, LogLevel.Information, "The supervisor requested to {Action} {Daemon}: {Result}")]
    private partial void LogCarriedOut(LauncherAction action, string daemon, string result);
}

/// <summary>A background service that starts before Aspire starts the resources. Aspire's own hosted service does not return from its start
/// while a resource waits for another one, and the services after it are not started until then.</summary>
internal abstract class EarlyBackgroundService : BackgroundService, IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
