using Microsoft.AspNetCore.Mvc;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Logs;

internal static class LogEndpoint
{
    private const int DefaultTail = 200;
    private const int MaximumTail = 100_000;

    internal static void MapLogs(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/daemons/{name}/logs", StreamAsync)
        .WithName("GetDaemonLogs")
        .WithTags("Daemons")
        .WithSummary("The last lines of a daemon's output and, with follow=true, all later output.")
        .WithDescription($"`tail` is a number of lines, 0 to {MaximumTail}, default {DefaultTail}. A followed log continues over rotations and ends with the connection or the supervisor. Needs the token.")
        .WithMetadata(NeedsToken.Instance)
        .Produces<string>(StatusCodes.Status200OK, "text/plain")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task StreamAsync(
        string name, HttpContext context, IFleet fleet, TimeProvider time, OpenStreams streams, [FromQuery] int tail = DefaultTail, [FromQuery] bool follow = false)
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
            await Problems.Write(context, StatusCodes.Status404NotFound, $"'{daemon.Name}' has no log here, because this supervisor does not launch it.");
            return;
        }

        using var stream = await streams.OpenAsync(context, context.HasToken());
        if (stream is null)
        {
            return;
        }

        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            using var log = new LogFollower(path);
            await log.CopyTailAsync(tail, context.Response.Body, stream.Ended);
            if (log.Refusal is { } refusal && !context.Response.HasStarted)
            {
                await Problems.Write(context, StatusCodes.Status409Conflict, $"The log cannot be read: {refusal}.");
                return;
            }

            await context.Response.Body.FlushAsync(stream.Ended);
            if (follow)
            {
                await log.FollowAsync(context.Response.Body, time, stream.Ended);
            }
        }
        catch (OperationCanceledException) when (stream.Ended.IsCancellationRequested)
        {
            // The reader has disconnected, or the supervisor ends.
        }
    }
}
