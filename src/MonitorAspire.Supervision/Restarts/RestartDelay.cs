using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>The delay before the next start.</summary>
public static class RestartDelay
{
    /// <summary>The delay after a failure.</summary>
    /// <param name="policy">Delays, factor and jitter.</param>
    /// <param name="failures">Failures in a row, this one included: at least 1.</param>
    /// <param name="crashLoop">Whether the delay is always the longest one.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public static TimeSpan After(RestartPolicy policy, int failures, bool crashLoop, double random)
    {
        ArgumentNullException.ThrowIfNull(policy);
        if (crashLoop)
        {
            return Longest(policy, random);
        }

        if (failures <= 1)
        {
            return TimeSpan.Zero;
        }

        // As a double: a TimeSpan overflows after some sixty failures.
        var ms = policy.InitialDelay.TotalMilliseconds * Math.Pow(policy.Factor, failures - 2);
        if (ms >= policy.MaxDelay.TotalMilliseconds)
        {
            return Longest(policy, random);
        }

        var jittered = ms * (1 + (policy.Jitter * ((2 * random) - 1)));
        return TimeSpan.FromMilliseconds(Math.Min(jittered, policy.MaxDelay.TotalMilliseconds));
    }

    /// <summary>
    /// The longest delay, with jitter only downwards. Jitter upwards would be cut off, and half of a fleet would start at the same moment.
    /// </summary>
    /// <param name="policy">The cap and the jitter.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public static TimeSpan Longest(RestartPolicy policy, double random)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.MaxDelay * (1 - (policy.Jitter * random));
    }
}
