using System.Globalization;
using System.Security.Cryptography;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Hosting;
using MonitorAspire.Supervisor.Rest;

namespace MonitorAspire.Supervisor.Events;

/// <summary>
/// The fleet's events as a stream that the EventSource of every browser, and curl, can read and take up again.
/// </summary>
internal static class EventEndpoint
{
    /// <summary>A comment this often keeps proxies from cutting an idle stream, and shows us who is gone.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LastEventsTime = TimeSpan.FromSeconds(1);

    // Event numbers begin at 1 with every supervisor. The id of a stream tells its supervisor too, so that a reader who comes back
    // after a restart gets all that it has not seen, and not what happens to have a higher number.
    private static readonly string Run = RandomNumberGenerator.GetHexString(8, lowercase: true);

    internal static void MapEvents(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/events", StreamAsync)
        .WithName("WatchEvents")
        .WithTags("Fleet")
        .WithSummary("What happens to the daemons, as server-sent events (text/event-stream).")
        .WithDescription("With the header `Last-Event-ID` (or the query `lastEventId`) first all later events that are still kept, 0 for all that are kept; without it new ones only. A plain number is an event's number in this run of the supervisor. `event` is the kind, `data` the event as JSON; a comment every 15 s keeps the stream open.")
        .Produces<FleetEvent>(StatusCodes.Status200OK, "text/event-stream")
        .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task StreamAsync(HttpContext context, IFleet fleet, TimeProvider time, StreamsEnding streams)
    {
        var given = context.Request.Headers["Last-Event-ID"].FirstOrDefault() ?? context.Request.Query["lastEventId"].FirstOrDefault();
        if (!TryParse(given, out var afterId))
        {
            await Problems.Write(context, StatusCodes.Status400BadRequest, $"Last-Event-ID '{given}' is not the id of an event.");
            return;
        }

        // The fleet ends the stream itself, after its last event. A reader that is slow gets a little time for that.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await using var late = streams.Token.UnsafeRegister(static state => ((CancellationTokenSource)state!).CancelAfter(LastEventsTime), ending);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";

        // nginx holds back what it proxies unless told not to.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await WriteAsync(fleet.WatchAsync(afterId, ending.Token), new EventWriter(context.Response.BodyWriter, Run), time, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader went away, or the supervisor does.
        }
    }

    private static async Task WriteAsync(IAsyncEnumerable<FleetEvent> events, EventWriter writer, TimeProvider time, CancellationTokenSource ending)
    {
        await using var reader = events.GetAsyncEnumerator(ending.Token);
        var next = reader.MoveNextAsync().AsTask();
        try
        {
            await writer.CommentAsync("connected", ending.Token);
            while (true)
            {
                if (!next.IsCompleted && !await CompletesWithinAsync(next, time, ending.Token))
                {
                    await writer.CommentAsync("alive", ending.Token);
                    continue;
                }

                if (!await next)
                {
                    return;
                }

                await writer.EventAsync(reader.Current, ending.Token);
                next = reader.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator must not be disposed in the middle of a step.
            await ending.CancelAsync();
            await next.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private static async Task<bool> CompletesWithinAsync(Task task, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(task, Task.Delay(Heartbeat, time, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return first == task;
    }

    internal static bool TryParse(string? given, out long? afterId)
    {
        afterId = null;
        if (string.IsNullOrWhiteSpace(given))
        {
            return true;
        }

        var dash = given.IndexOf('-', StringComparison.Ordinal);
        if (!long.TryParse(given.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || (dash >= 0 && (dash != Run.Length || !given[..dash].All(char.IsAsciiHexDigitLower))))
        {
            return false;
        }

        afterId = dash < 0 || given.AsSpan(0, dash).SequenceEqual(Run) ? number : 0;
        return true;
    }
}
