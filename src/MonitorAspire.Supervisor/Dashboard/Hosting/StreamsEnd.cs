namespace MonitorAspire.Supervisor.Dashboard.Hosting;

/// <summary>Ends the watches, which have no end of their own. After the daemons stopped: whoever watches is to see that.</summary>
internal sealed class StreamsEnd : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    internal CancellationToken Token => _source.Token;

    internal Task BeginAsync() => _source.CancelAsync();

    public void Dispose() => _source.Dispose();
}
