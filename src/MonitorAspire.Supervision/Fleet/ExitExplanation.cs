namespace MonitorAspire.Supervision.Fleet;

/// <summary>Waits for what a launcher says about the end of its latest launch, from now until this is disposed of.</summary>
internal sealed class ExitExplanation : IDisposable
{
    /// <summary>The launcher is the parent and learns of an exit as soon as the supervisor. This is for one that is busy.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _watching = new();
    private readonly TimeProvider _time;

    public ExitExplanation(FleetParts parts, IAttachedDaemonController controller, string daemon)
    {
        _time = parts.Time;
        Ended = controller.WaitForEndAsync(daemon, _watching.Token);
    }

    /// <summary>Completes when the launcher says that the process has ended.</summary>
    public Task<AttachedExit> Ended { get; }

    /// <summary>What the launcher says about an exit that the kernel has told already. It says so within seconds, or nothing is known.</summary>
    public async Task<AttachedExit> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Ended.WaitAsync(Timeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return AttachedExit.Unknown;
        }
    }

    public void Dispose()
    {
        _watching.Cancel();
        _watching.Dispose();
    }
}
