using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Interop;
using MonitorAspire.Supervision.Telemetry;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Events;

/// <summary>The fleet's events as server-sent events, which browsers (EventSource) and curl can read.</summary>
internal static class EventEndpoint
{
    // A comment keeps proxies from closing an idle stream and detects readers that have disconnected.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LastEventsTime = TimeSpan.FromSeconds(1);

    // Event numbers begin at 1 with every supervisor process. The id of an event names the process too, so that a reader that reconnects
    // after a restart of the supervisor gets all events of the new one.
    private static readonly string Run = RandomText.Hex(8);

    internal static void MapEvents(this IEndpointRouteBuilder routes) => routes
        .MapGet("/api/events", StreamAsync)
        .WithName("WatchEvents")
        .WithTags("Fleet")
        .WithSummary("Events of the daemons, as server-sent events (text/event-stream).")
        .WithDescription("With the header `Last-Event-ID` (or the query `lastEventId`) the stream begins with all later events that are still kept, with 0 all kept events; without it, only new events. A plain number is the number of an event of this supervisor process. `event` is the kind, `data` the event as JSON; a comment every 15 s keeps the stream open. Without the token text that may quote the output of a daemon is left out.")
        .Produces<FleetEvent>(StatusCodes.Status200OK, "text/event-stream")
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task StreamAsync(HttpContext context, IFleet fleet, TimeProvider time, OpenStreams streams)
    {
        var given = context.Request.Headers["Last-Event-ID"].FirstOrDefault() ?? context.Request.Query["lastEventId"].FirstOrDefault();
        if (!TryParse(given, out var afterId))
        {
            await Problems.Write(context, StatusCodes.Status400BadRequest, $"Last-Event-ID '{given}' is not the id of an event.");
            return;
        }

        using var stream = await streams.OpenAsync(context, context.HasToken());
        if (stream is null)
        {
            return;
        }

        context.Response.ContentType = "text/event-stream";

        // The fleet ends the stream itself, after its last event. A slow reader gets a little time for that.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await using var late = stream.Ended.UnsafeRegister(static state => ((CancellationTokenSource)state!).CancelAfter(LastEventsTime), ending);
        try
        {
            var events = fleet.WatchAsync(afterId, ending.Token).Select(context.View);
            await WriteAsync(events, new EventWriter(context.Response.BodyWriter, Run), time, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader has disconnected, or the supervisor ends.
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
                try
                {
                    if (!await next.WaitAsync(Heartbeat, time, ending.Token))
                    {
                        return;
                    }
                }
                catch (TimeoutException)
                {
                    await writer.CommentAsync("alive", ending.Token);
                    continue;
                }

                await writer.EventAsync(reader.Current, ending.Token);
                next = reader.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // An enumerator must not be disposed while MoveNextAsync runs.
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
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

/// <summary>Writes the format of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).</summary>
internal sealed class EventWriter(PipeWriter output, string run)
{
    internal async Task EventAsync(FleetEvent happened, CancellationToken cancellationToken)
    {
        // The JSON has no line breaks, so one `data` line is enough.
        Write($"id: {run}-{happened.Id}\nevent: {WireNames.Of(happened.Kind)}\ndata: ");
        output.Write(JsonSerializer.SerializeToUtf8Bytes(happened, EventJson.Default.FleetEvent));
        Write("\n\n");
        await FlushAsync(cancellationToken);
    }

    /// <summary>Writes a comment, which readers skip.</summary>
    internal Task CommentAsync(string text, CancellationToken cancellationToken)
    {
        Write($": {text}\n\n");
        return FlushAsync(cancellationToken);
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        if ((await output.FlushAsync(cancellationToken)).IsCompleted)
        {
            throw new OperationCanceledException("the reader has disconnected", cancellationToken);
        }
    }
}

/// <summary>Writes as <see cref="Supervision.SupervisionJson"/> does, without the descriptions of all properties that only reading needs.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    GenerationMode = JsonSourceGenerationMode.Serialization,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(FleetEvent))]
internal sealed partial class EventJson : JsonSerializerContext;
