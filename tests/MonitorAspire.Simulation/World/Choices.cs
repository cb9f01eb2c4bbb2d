namespace MonitorAspire.Simulation.World;

/// <summary>All that is random in a simulation, from one seed (SplitMix64). The numbers depend on no version of .NET.</summary>
internal sealed class Choices(ulong seed)
{
    private readonly ulong _seed = seed;
    private ulong _state = seed;

    /// <summary>Another stream of numbers, which does not change when this one is used more or less often.</summary>
    public Choices Fork(ulong purpose) => new(Mix(_seed ^ Mix(purpose + 0x5851F42D4C957F2D)));

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    /// <summary>A number from 0 to below the limit.</summary>
    public int Below(int limit) => (int)(Next() % (ulong)limit);

    public bool Chance(double probability) => NextDouble() < probability;

    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    public T Of<T>(params ReadOnlySpan<T> values) => values[Below(values.Length)];

    /// <summary>A duration between two others. Each order of magnitude is equally likely: microseconds come as often as days.</summary>
    public TimeSpan Duration(TimeSpan shortest, TimeSpan longest)
    {
        var (low, high) = (Math.Log(Math.Max(1, shortest.Ticks)), Math.Log(Math.Max(1, longest.Ticks)));
        return TimeSpan.FromTicks((long)Math.Exp(low + (NextDouble() * (high - low))));
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
