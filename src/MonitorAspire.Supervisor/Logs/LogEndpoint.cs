using Microsoft.AspNetCore.Mvc;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Hosting;
using MonitorAspire.Supervisor.Rest;

namespace MonitorAspire.Supervisor.Logs;

/// <summary>A daemon's output, as it wrote it.</summary>
internal static class LogEndpoint
{
    private const int DefaultTail = 200;
    private const int MaximumTail = 100_000;

    internal static void MapLogs(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/daemons/{name}/logs", StreamAsync)
        .WithName("GetDaemonLogs")
        .WithTags("Daemons")
        .WithSummary("The last lines of a daemon's output and, with follow=true, what comes after them as it comes.")
        .WithDescription($"`tail` is a number of lines, 0 to {MaximumTail}, default {DefaultTail}. A stream that follows goes on over a rotation of the log and ends with the connection or the supervisor.")
        .Produces<string>(StatusCodes.Status200OK, "text/plain")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task StreamAsync(
        string name, HttpContext context, IFleet fleet, TimeProvider time, StreamsEnding streams, [FromQuery] int tail = DefaultTail, [FromQuery] bool follow = false)
    {
        if (fleet.Find(name) is not { } daemon)
        {
            await Problems.UnknownDaemon(name).ExecuteAsync(context);
            return;
        }

        if (tail is < 0 or > MaximumTail)
        {
            await Problems.Write(context, StatusCodes.Status400BadRequest, $"tail={tail} is out of range (0-{MaximumTail}).");
            return;
        }

        if (daemon.LogFile is not { } path)
        {
            await Problems.Write(context, StatusCodes.Status404NotFound, $"'{daemon.Name}' has no log here: whoever launches it has its output.");
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, streams.Token);
        try
        {
            using var log = new LogReader(path);
            await log.CopyTailAsync(tail, context.Response.Body, ending.Token);
            await context.Response.Body.FlushAsync(ending.Token);
            if (follow)
            {
                await FollowAsync(log, context.Response.Body, time, ending.Token);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader went away, or the supervisor does.
        }
    }

    // Asked for and not notified: a file system tells of each write, and a daemon may write thousands of times a second.
    private static async Task FollowAsync(LogReader log, Stream output, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (await log.CopyNewAsync(output, cancellationToken))
            {
                await output.FlushAsync(cancellationToken);
            }
        }
    }
}
