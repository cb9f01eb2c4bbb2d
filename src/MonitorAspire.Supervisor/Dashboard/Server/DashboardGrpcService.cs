using Grpc.Core;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Dashboard.Resources;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Dashboard.Server;

/// <summary>The methods that a dashboard calls. A watch that is cancelled ends without an error.</summary>
internal sealed class DashboardGrpcService(
    ResourceFeed feed, ResourceCatalog catalog, CommandRunner commands, OpenStreams streams, TimeProvider time) : DashboardService.DashboardServiceBase
{
    internal const string ApplicationName = "MonitorAspire";

    public override Task<ApplicationInformationResponse> GetApplicationInformation(ApplicationInformationRequest request, ServerCallContext context)
        => Task.FromResult(new ApplicationInformationResponse { ApplicationName = ApplicationName });

    public override Task WatchResources(
        WatchResourcesRequest request, IServerStreamWriter<WatchResourcesUpdate> responseStream, ServerCallContext context)
        => WatchAsync(context, async ended =>
        {
            await foreach (var update in feed.WatchAsync(ended))
            {
                await responseStream.WriteAsync(update, ended);
            }
        });

    public override Task WatchResourceConsoleLogs(
        WatchResourceConsoleLogsRequest request, IServerStreamWriter<WatchResourceConsoleLogsUpdate> responseStream, ServerCallContext context)
        => WatchAsync(context, async ended =>
        {
            if (catalog.LogFile(request.ResourceName) is { } path)
            {
                await ConsoleLog.SendAsync(path, follow: !request.SuppressFollow, responseStream, time, ended);
            }
        });

    public override Task<ResourceCommandResponse> ExecuteResourceCommand(ResourceCommandRequest request, ServerCallContext context)
        => commands.RunAsync(request, context.CancellationToken);

    public override Task WatchInteractions(
        IAsyncStreamReader<InteractionRequest> requestStream, IServerStreamWriter<InteractionResponse> responseStream, ServerCallContext context)
        => WatchAsync(context, async ended =>
        {
            // The dashboard waits for the headers. Without this they come with the first prompt, and there is none.
            await context.WriteResponseHeadersAsync([]);
            while (await requestStream.MoveNext(ended))
            {
                // The supervisor sends no prompts, so answers have no meaning.
            }
        });

    private async Task WatchAsync(ServerCallContext context, Func<CancellationToken, Task> watch)
    {
        using var stream = streams.TryOpen(hasToken: true, context.CancellationToken)
            ?? throw new RpcException(new Status(StatusCode.ResourceExhausted, "too many streams are open"));
        try
        {
            await watch(stream.Ended);
        }
        catch (Exception e) when (stream.Ended.IsCancellationRequested && e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // A write to a call that has ended throws one of the latter two.
        }
    }
}
