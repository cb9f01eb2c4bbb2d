using System.Diagnostics;

namespace MonitorAspire.ProcessBenchmarks.Measuring;

/// <summary>CLOCK_MONOTONIC in nanoseconds, the clock that the tiny daemon uses too.</summary>
internal static class Clock
{
    public static long Now => Stopwatch.Frequency == 1_000_000_000
        ? Stopwatch.GetTimestamp()
        : throw new PlatformNotSupportedException("the harness needs a clock in nanoseconds, which only Linux has");

    public static double Milliseconds(long nanoseconds) => nanoseconds / 1e6;
}
