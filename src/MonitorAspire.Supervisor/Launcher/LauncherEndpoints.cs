using System.Runtime.CompilerServices;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Hosting;
using MonitorAspire.Supervisor.Rest;
using MonitorAspire.Supervisor.Security;

namespace MonitorAspire.Supervisor.Launcher;

/// <summary>Where a launcher of attached daemons talks to us. All of it needs the token, the stream of requests too.</summary>
internal static class LauncherEndpoints
{
    internal static void MapLauncher(this IEndpointRouteBuilder routes)
    {
        var launcher = routes.MapGroup("/api/launcher").WithTags("Launcher")
            // Even of a look: whoever reads the requests is expected to carry them out.
            .WithMetadata(NeedsToken.Instance);

        launcher.MapGet("/requests", (LauncherLink link, StreamsEnding streams, CancellationToken cancellationToken)
                => TypedResults.ServerSentEvents(UntilEndAsync(link, streams.Token, cancellationToken), "request"))
            .WithName("WatchLauncherRequests")
            .WithSummary("What the launcher of attached daemons is asked to do, as server-sent events; unanswered requests first.");

        launcher.MapGet("/daemons", IReadOnlyList<DaemonSnapshot> (IFleet fleet) => fleet.Daemons)
            .WithName("ListLaunched")
            .WithSummary("All daemons as they are now, for a launcher that shows them; its looks are left out of the traces.");

        launcher.MapPost("/requests/{id:long}", IResult (long id, LauncherAnswer answer, LauncherLink link)
                => link.Answer(id, answer)
                    ? TypedResults.NoContent()
                    : TypedResults.Problem($"There is no request {id} that waits for an answer.", statusCode: StatusCodes.Status404NotFound))
            .WithName("AnswerLauncherRequest")
            .WithSummary("Says what came of a request.")
            .ProducesProblem(StatusCodes.Status404NotFound);

        launcher.MapPut("/daemons/{name}", IResult (string name, LauncherReport report, LauncherLink link, IFleet fleet) =>
            {
                if (fleet.Find(name) is null)
                {
                    return Problems.UnknownDaemon(name);
                }

                link.Report(name, report);
                return TypedResults.NoContent();
            })
            .WithName("ReportLaunch")
            .WithSummary("Says what the launcher's process of a daemon is doing.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async IAsyncEnumerable<LauncherRequest> UntilEndAsync(
        LauncherLink link, CancellationToken ending, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending, cancellationToken);
        await using var requests = link.ReadRequestsAsync(either.Token).GetAsyncEnumerator(CancellationToken.None);
        while (await MovesAsync(requests, either.Token))
        {
            yield return requests.Current;
        }
    }

    private static async Task<bool> MovesAsync(IAsyncEnumerator<LauncherRequest> requests, CancellationToken ended)
    {
        try
        {
            return await requests.MoveNextAsync();
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return false;
        }
    }
}
