using System.Globalization;

namespace MonitorAspire.FaultDaemon;

/// <summary>The faults that the daemon should have. Without any fault it works.</summary>
internal sealed class Faults
{
    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);

    internal Faults(string[] args)
    {
        Arguments = args;
        for (var i = 0; i < args.Length; i++)
        {
            var hasValue = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            _given[args[i].TrimStart('-')] = hasValue ? args[i + 1] : "";
            i += hasValue ? 1 : 0;
        }
    }

    internal string[] Arguments { get; }

    internal bool Has(string fault) => _given.ContainsKey(fault);

    internal string? Text(string fault) => _given.GetValueOrDefault(fault);

    internal int? Number(string fault) =>
        _given.TryGetValue(fault, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : null;
}
