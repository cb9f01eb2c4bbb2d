namespace MonitorAspire.Supervisor.Fleet.History;

/// <summary>Percentiles by nearest rank, which are measured values also when there are few of them.</summary>
internal static class Percentile
{
    /// <summary>The smallest of the ascending values that is greater than or equal to this share of them: 0.5 is the median, 1 the maximum.</summary>
    internal static double Of(ReadOnlySpan<double> sorted, double share)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(sorted));
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);

        // 0.95 * 20 is a little more than 19 in binary; without the tolerance the rank would be 20.
        var rank = (int)Math.Ceiling((share * sorted.Length) - 1e-9);
        return sorted[Math.Max(rank, 1) - 1];
    }
}
