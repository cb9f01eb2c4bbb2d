using Grpc.Core;
using MonitorAspire.Supervisor.Dashboard.Commands;
using MonitorAspire.Supervisor.Dashboard.ConsoleLogs;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Dashboard.Resources;

namespace MonitorAspire.Supervisor.Dashboard.Hosting;

/// <summary>The methods that a dashboard calls. A watch that ends because its reader went away or the supervisor does has ended well.</summary>
internal sealed class DashboardGrpcService(
    ResourceFeed feed, ResourceCatalog catalog, CommandRunner commands, StreamsEnd end, TimeProvider time) : DashboardService.DashboardServiceBase
{
    /// <summary>What stands in the dashboard's title.</summary>
    internal const string ApplicationName = "MonitorAspire";

    public override Task<ApplicationInformationResponse> GetApplicationInformation(ApplicationInformationRequest request, ServerCallContext context)
        => Task.FromResult(new ApplicationInformationResponse { ApplicationName = ApplicationName });

    public override Task WatchResources(
        WatchResourcesRequest request, IServerStreamWriter<WatchResourcesUpdate> responseStream, ServerCallContext context)
        => UntilTheEndAsync(context, async ending =>
        {
            await foreach (var update in feed.WatchAsync(ending))
            {
                await responseStream.WriteAsync(update, ending);
            }
        });

    public override Task WatchResourceConsoleLogs(
        WatchResourceConsoleLogsRequest request, IServerStreamWriter<WatchResourceConsoleLogsUpdate> responseStream, ServerCallContext context)
        => UntilTheEndAsync(context, async ending =>
        {
            if (catalog.LogFile(request.ResourceName) is { } path)
            {
                await ConsoleLog.SendAsync(path, follow: !request.SuppressFollow, responseStream, time, ending);
            }
        });

    public override Task<ResourceCommandResponse> ExecuteResourceCommand(ResourceCommandRequest request, ServerCallContext context)
        => commands.RunAsync(request, context.CancellationToken);

    public override Task WatchInteractions(
        IAsyncStreamReader<InteractionRequest> requestStream, IServerStreamWriter<InteractionResponse> responseStream, ServerCallContext context)
        => UntilTheEndAsync(context, async ending =>
        {
            // The dashboard waits for the headers, which otherwise come with the first prompt, that is never.
            await context.WriteResponseHeadersAsync([]);
            while (await requestStream.MoveNext(ending))
            {
                // Nobody was asked, so there is nothing to be answered.
            }
        });

    private async Task UntilTheEndAsync(ServerCallContext context, Func<CancellationToken, Task> watch)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, end.Token);
        try
        {
            await watch(ending.Token);
        }
        catch (Exception e) when (ending.IsCancellationRequested && e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The end. Writing to a call that is over is told as one of the latter two.
        }
    }
}
