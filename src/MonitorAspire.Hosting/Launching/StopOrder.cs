using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;
using MonitorAspire.Hosting.Resources;

namespace MonitorAspire.Hosting.Launching;

/// <summary>
/// Stops the resources that wait for a supervised one before that one, when the application ends. Aspire ends all resources at once, so a
/// server could not save anything into its database any more.
/// </summary>
internal sealed partial class StopOrder(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceCommandService commands, TimeProvider time, ILogger<StopOrder> logger) : LifecycleService
{
    /// <summary>The host gives 30 s to everything that ends. The rest is for Aspire, which then ends all resources at once.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public override async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await StartOrder.InReverseAsync(
            [.. model.Resources.Where(resource => !Persistence.IsPersistent(resource) && NeedsSupervised(resource))],
            resource => resource.Name,
            resource => Needs.Of(resource).Select(needed => needed.Resource.Name),
            resource => StopAsync(resource, either.Token)).ConfigureAwait(false);
    }

    private static bool NeedsSupervised(IResource resource)
    {
        // Resources without supervision may wait for each other in a circle.
        var seen = new HashSet<IResource>();
        return AnyNeeded(resource);

        bool AnyNeeded(IResource one) => Needs.Of(one).Any(needed =>
            seen.Add(needed.Resource) && (needed.Resource.HasAnnotationOfType<SupervisionAnnotation>() || AnyNeeded(needed.Resource)));
    }

    private async Task<bool> StopAsync(IResource resource, CancellationToken cancellationToken)
    {
        // A resource with replicas has no state of its own.
        if (notifications.TryGetCurrentState(resource.Name, out var seen) && !MayHaveProcess(seen.Snapshot.State?.Text))
        {
            return false;
        }

        try
        {
            var stopped = await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StopCommand, cancellationToken).ConfigureAwait(false);
            LogStopped(resource.Name, stopped.Success ? "stopped" : stopped.Message ?? "not stopped");
            return stopped.Success;
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            LogStopped(resource.Name, e.Message);
            return false;
        }
    }

    /// <summary>Whether a resource can have a process. Aspire says Starting for some time after the process has begun.</summary>
    private static bool MayHaveProcess(string? state) => state == KnownResourceStates.Running || state == KnownResourceStates.Starting;

    [LoggerMessage(1, LogLevel.Debug, "Before what it waited for: {Resource} is {Result}")]
    private partial void LogStopped(string resource, string result);
}
