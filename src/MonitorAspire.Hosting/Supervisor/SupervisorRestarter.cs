using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Launching;
using MonitorAspire.Hosting.Resources;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervision.Restarts;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Hosting.Supervisor;

/// <summary>Restarts the supervisor when it ends by itself, because Aspire has no restart policy for projects. The daemons run on
/// meanwhile, and the next supervisor adopts them.</summary>
internal sealed partial class SupervisorRestarter(
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    ResourceCommandService commands,
    TimeProvider time,
    ILogger<SupervisorRestarter> logger) : EarlyBackgroundService
{
    private static readonly RestartPolicy Policy = new();

    // A restart cannot correct these.
    private static readonly int[] FinalExitCodes = [ExitCodes.Usage, ExitCodes.PortInUse, ExitCodes.PermissionDenied, ExitCodes.Foreign];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var supervisor = model.Resources.Single(r => r.HasAnnotationOfType<SupervisorAnnotation>());
        var tracker = new LaunchTracker(supervisor.Name);
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
                    await RestartAsync(supervisor, report.ExitCode, failures, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The application stops.
        }
    }

    private async Task RestartAsync(IResource supervisor, int? exitCode, int failures, CancellationToken cancellationToken)
    {
        if (exitCode is { } code && FinalExitCodes.Contains(code))
        {
            LogFinal(supervisor.Name, code);
            return;
        }

#pragma warning disable RS0030 // Nothing depends on this jitter: there is one supervisor.
        var delay = RestartDelay.After(Policy, failures, crashLoop: false, Random.Shared.NextDouble());
#pragma warning restore RS0030
        LogEnded(supervisor.Name, exitCode, delay);
        await Task.Delay(delay, time, cancellationToken).ConfigureAwait(false);
        var started = await commands.ExecuteCommandAsync(supervisor, KnownResourceCommands.StartCommand, cancellationToken).ConfigureAwait(false);
        if (!started.Success)
        {
            LogNotStarted(supervisor.Name, started.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Supervisor} ended by itself with exit code {ExitCode} and is restarted in {Delay}. The daemons run on, and the new supervisor adopts them")]
    private partial void LogEnded(string supervisor, int? exitCode, TimeSpan delay);

    [LoggerMessage(2, LogLevel.Error, "{Supervisor} ended with exit code {ExitCode}, which a restart cannot correct; its console log says why. No daemon is verified or restarted until a person starts it")]
    private partial void LogFinal(string supervisor, int exitCode);

    [LoggerMessage(3, LogLevel.Error, "{Supervisor} could not be restarted: {Problem}")]
    private partial void LogNotStarted(string supervisor, string? problem);
}
