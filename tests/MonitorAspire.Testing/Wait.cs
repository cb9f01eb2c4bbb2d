using System.Diagnostics;

namespace MonitorAspire.Testing;

/// <summary>Waits for conditions by polling.</summary>
public static class Wait
{
    /// <summary>Long enough for a loaded machine. Only a failing test waits this long.</summary>
    public static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    /// <summary>Polls until the condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="what">Description of the condition, for the message.</param>
    /// <exception cref="TimeoutException">The time is up.</exception>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Polls until the condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="what">Description of the condition, for the message.</param>
    /// <exception cref="TimeoutException">The time is up.</exception>
    public static Task UntilAsync(Func<Task<bool>> condition, string what) => UntilAsync(condition, what, Generous);

    /// <summary>Polls until the condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="what">Description of the condition, for the message.</param>
    /// <param name="limit">Time limit.</param>
    /// <exception cref="TimeoutException">The time is up.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > limit)
            {
                throw new TimeoutException($"not seen within {limit.TotalSeconds} s: {what}");
            }

            await Task.Delay(10);
        }
    }
}
