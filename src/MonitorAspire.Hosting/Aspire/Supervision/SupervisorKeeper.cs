using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>
/// Starts the supervisor again when it dies: Aspire has no restart policy for projects, and whoever looks after all the others has to be
/// looked after too. The daemons live on meanwhile, and the next supervisor adopts them.
/// </summary>
internal sealed partial class SupervisorKeeper(
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    ResourceCommandService commands,
    TimeProvider time,
    ILogger<SupervisorKeeper> logger) : BackgroundService
{
    private static readonly RestartPolicy Policy = new();

    // What another try cannot mend; its console says what it is.
    private static readonly int[] Hopeless = [ExitCodes.Usage, ExitCodes.PortInUse, ExitCodes.PermissionDenied, ExitCodes.Foreign];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var supervisor = model.Resources.Single(r => r.Annotations.OfType<SupervisorAnnotation>().Any());
        var tracker = new LaunchTracker();
        var failures = 0;
        var launchedAt = time.GetTimestamp();
        try
        {
            await foreach (var seen in notifications.WatchAsync(stoppingToken).ConfigureAwait(false))
            {
                if (seen.Resource != supervisor || tracker.Observe(seen.Snapshot) is not { } report)
                {
                    continue;
                }

                if (report.State == LauncherState.Running)
                {
                    launchedAt = time.GetTimestamp();
                }
                else if (report is { State: LauncherState.Ended, OnPurpose: false })
                {
                    failures = time.GetElapsedTime(launchedAt) >= Policy.ResetAfter ? 1 : failures + 1;
                    await StartAgainAsync(supervisor, report, failures, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task StartAgainAsync(IResource supervisor, LauncherReport ended, int failures, CancellationToken cancellationToken)
    {
        if (ended.ExitCode is { } code && Hopeless.Contains(code))
        {
            LogHopeless(supervisor.Name, code);
            return;
        }

        var delay = RestartDelay.After(Policy, failures, crashLoop: false, Random.Shared.NextDouble());
        LogEnded(supervisor.Name, ended.ExitCode, delay);
        await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
        var started = await commands.ExecuteCommandAsync(supervisor, KnownResourceCommands.StartCommand, cancellationToken).ConfigureAwait(false);
        if (!started.Success)
        {
            LogNotStarted(supervisor.Name, started.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Supervisor} ended with exit code {ExitCode} and nobody had asked it to; it is started again in {Delay}. The daemons live on, and it adopts them")]
    private partial void LogEnded(string supervisor, int? exitCode, TimeSpan delay);

    [LoggerMessage(2, LogLevel.Error, "{Supervisor} ended with exit code {ExitCode}, which another try cannot mend: its console log says why. Nothing is verified or started again until a person starts it")]
    private partial void LogHopeless(string supervisor, int exitCode);

    [LoggerMessage(3, LogLevel.Error, "{Supervisor} could not be started again: {Problem}")]
    private partial void LogNotStarted(string supervisor, string? problem);
}
