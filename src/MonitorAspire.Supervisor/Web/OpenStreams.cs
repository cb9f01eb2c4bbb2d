namespace MonitorAspire.Supervisor.Web;

/// <summary>The responses that have no end of their own: events, followed logs, requests to the launcher, watches of the dashboard. Their
/// number is limited. They end together, after the daemons have stopped and not at <c>ApplicationStopping</c>, so that their readers see
/// the stops.</summary>
/// <param name="maximum">How many may be open. Requests without the token may open half as many.</param>
internal sealed class OpenStreams(int maximum) : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private int _count;

    /// <summary>Opens a stream as the response to a request. Answers 503 and returns <see langword="null"/> where too many are open.</summary>
    internal async Task<OpenStream?> OpenAsync(HttpContext context, bool hasToken)
    {
        if (TryOpen(hasToken, context.RequestAborted) is not { } stream)
        {
            await Problems.Write(context, StatusCodes.Status503ServiceUnavailable, "Too many streams are open; close some or try again later.");
            return null;
        }

        context.Response.Headers.CacheControl = "no-store";

        // nginx buffers responses without this header.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return stream;
    }

    /// <summary>Opens a stream. Dispose it when its response ends. <see langword="null"/> where too many are open.</summary>
    internal OpenStream? TryOpen(bool hasToken, CancellationToken aborted)
    {
        if (Interlocked.Increment(ref _count) <= (hasToken ? maximum : maximum / 2))
        {
            return new OpenStream(this, CancellationTokenSource.CreateLinkedTokenSource(aborted, _ending.Token));
        }

        Close();
        return null;
    }

    /// <summary>Ends all streams. Streams that are opened later end at once.</summary>
    internal Task EndAsync() => _ending.CancelAsync();

    public void Dispose() => _ending.Dispose();

    private void Close() => Interlocked.Decrement(ref _count);

    internal sealed class OpenStream(OpenStreams streams, CancellationTokenSource ended) : IDisposable
    {
        /// <summary>Cancelled when the reader disconnects or the supervisor ends.</summary>
        internal CancellationToken Ended => ended.Token;

        public void Dispose()
        {
            ended.Dispose();
            streams.Close();
        }
    }
}
