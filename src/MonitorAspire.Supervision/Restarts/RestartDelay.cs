using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Restarts;

/// <summary>How long to wait before the next try.</summary>
public static class RestartDelay
{
    /// <summary>The delay after a failure.</summary>
    /// <param name="policy">Delays, factor and jitter.</param>
    /// <param name="failures">Failures in a row, this one included: at least 1.</param>
    /// <param name="crashLoop">Whether only the longest delay counts.</param>
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

        // As doubles: 2^60 times the first delay is no TimeSpan any more.
        var ms = policy.InitialDelay.TotalMilliseconds * Math.Pow(policy.Factor, failures - 2);
        if (ms >= policy.MaxDelay.TotalMilliseconds)
        {
            return Longest(policy, random);
        }

        var jittered = ms * (1 + (policy.Jitter * ((2 * random) - 1)));
        return TimeSpan.FromMilliseconds(Math.Min(jittered, policy.MaxDelay.TotalMilliseconds));
    }

    /// <summary>
    /// The longest delay, with jitter only downwards: clamping an upward jitter would let half of a fleet try at the very same moment.
    /// </summary>
    /// <param name="policy">The cap and the jitter.</param>
    /// <param name="random">From 0 up to, but not including, 1.</param>
    public static TimeSpan Longest(RestartPolicy policy, double random)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return policy.MaxDelay * (1 - (policy.Jitter * random));
    }
}
