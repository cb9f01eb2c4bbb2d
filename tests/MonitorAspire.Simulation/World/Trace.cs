using System.Globalization;

namespace MonitorAspire.Simulation.World;

/// <summary>What has happened, in order. The hash covers every line; the lines are kept only on request.</summary>
internal sealed class Trace(bool keep)
{
    private const ulong Prime = 0x100000001B3;

    private readonly List<string> _lines = [];

    /// <summary>FNV-1a over all lines.</summary>
    public ulong Hash { get; private set; } = 0xCBF29CE484222325;

    public int Count { get; private set; }

    public IReadOnlyList<string> Lines => _lines;

    public void Add(TimeSpan at, string line)
    {
        Count++;
        var hash = (Hash ^ (ulong)at.Ticks) * Prime;
        foreach (var c in line)
        {
            hash = (hash ^ c) * Prime;
        }

        Hash = hash;
        if (keep)
        {
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{at.TotalSeconds,16:0.000000} {line}"));
        }
    }
}
