namespace MonitorAspire.Supervision.Startup;

/// <summary>The delay between two checks of a start: 2 ms at first, then 1.5 times as long each time, 50 ms at most.</summary>
internal readonly record struct RetryDelay(TimeSpan Delay)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(50);

    internal static RetryDelay First { get; } = new(TimeSpan.FromMilliseconds(2));

    internal RetryDelay Next() => new(Delay * 1.5 < Longest ? Delay * 1.5 : Longest);

    /// <summary>Waits for the delay, or for the time that is left where that is shorter.</summary>
    internal Task WaitAsync(TimeSpan left, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Delay(Delay < left ? Delay : left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
}
