namespace MonitorAspire.Supervision.Startup;

/// <summary>The delay between two checks of a start: short at first, then 1.5 times as long each time, up to a limit.</summary>
/// <remarks>The delay is the time that a verified start comes too late, so it stays short for a daemon that needs 20 s as well.</remarks>
internal readonly record struct RetryDelay(TimeSpan Delay, TimeSpan Longest)
{
    /// <summary>For a look at the machine, which the daemon does not notice: 2 ms at most.</summary>
    internal static RetryDelay OfLooks { get; } = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2));

    /// <summary>For a question to the daemon: 8 ms at most.</summary>
    internal static RetryDelay OfRequests { get; } = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(8));

    /// <summary>For an instance that another program starts or ends: 50 ms at most.</summary>
    internal static RetryDelay OfOthers { get; } = new(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(50));

    internal RetryDelay Next() => this with { Delay = Delay * 1.5 < Longest ? Delay * 1.5 : Longest };

    /// <summary>Waits for the delay, or for the time that is left where that is shorter.</summary>
    internal Task WaitAsync(TimeSpan left, TimeProvider time, CancellationToken cancellationToken) =>
        Task.Delay(Delay < left ? Delay : left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
}
