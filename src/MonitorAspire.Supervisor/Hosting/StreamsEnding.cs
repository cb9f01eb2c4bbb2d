namespace MonitorAspire.Supervisor.Hosting;

/// <summary>
/// Ends the streams, which have no end of their own. Not <c>ApplicationStopping</c>: whoever watches is to see the daemons stop.
/// </summary>
internal sealed class StreamsEnding : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    internal CancellationToken Token => _source.Token;

    internal Task EndAsync() => _source.CancelAsync();

    public void Dispose() => _source.Dispose();
}
