namespace MonitorAspire.Supervision.Restarts;

/// <summary>The delay before the next start.</summary>
internal static class RestartDelay
{
    /// <summary>The delay after as many failures in a row, this one included. The random number, from 0 up to 1, is for jitter.</summary>
    public static TimeSpan After(RestartPolicy policy, int failures, bool crashLoop, double random)
    {
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

    /// <summary>The longest delay, with jitter only downwards. Jitter upwards would be cut off, and half of a fleet would start at the same moment.</summary>
    public static TimeSpan Longest(RestartPolicy policy, double random) =>
        policy.MaxDelay * (1 - (policy.Jitter * random));
}
