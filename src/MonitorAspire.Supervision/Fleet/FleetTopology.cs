using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>Turns the configured <see cref="MonitorsOptions"/> into specifications, or says what is wrong with them.</summary>
public static partial class FleetTopology
{
    /// <summary>More daemons than this on one machine is a mistake in the configuration.</summary>
    public const int MaximumCount = 200;

    /// <summary>The specifications, in the order of their ports or of the list; empty when there are errors.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="errors">One line for each thing that is wrong, starting with the key as in <c>Monitors:Daemons:1:Port</c>.</param>
    public static IReadOnlyList<DaemonSpec> Resolve(MonitorsOptions options, out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Restart.Validate() is { } invalid)
        {
            // It is every daemon's that has none of its own: said once is enough.
            errors = [$"{MonitorsOptions.Section}:Restart:{invalid}"];
            return [];
        }

        var found = new List<string>();
        var specs = options.Daemons.Count > 0 ? FromList(options, found) : FromCount(options, found);

        foreach (var group in specs.GroupBy(s => s.Port).Where(g => g.Count() > 1))
        {
            found.Add($"{MonitorsOptions.Section}: port {group.Key} is given to {string.Join(" and ", group.Select(s => $"'{s.Name}'"))}; every daemon needs a port of its own");
        }

        foreach (var group in specs.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1))
        {
            found.Add($"{MonitorsOptions.Section}: the name '{group.Key}' is given {group.Count()} times; every daemon needs a name of its own");
        }

        errors = found;
        return found.Count == 0 ? specs : [];
    }

    /// <summary>What is wrong with one specification, or <see langword="null"/>.</summary>
    /// <param name="spec">The specification.</param>
    public static string? Validate(DaemonSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return spec switch
        {
            { Port: < 1 or > 65535 } => $"port {spec.Port} is out of range (1-65535)",
            { PortRangeEnd: { } end } when end < spec.Port || end > 65535 => $"port range {spec.Port}-{end} is not a range within 1-65535",
            { Host: var host } when string.IsNullOrWhiteSpace(host) || host.Any(char.IsWhiteSpace) => $"host '{host}' is not a host name or address",
            { HealthPath: var path } when !path.StartsWith('/') => $"health path '{path}' does not start with '/'",
            { Command: { } command } when string.IsNullOrWhiteSpace(command) => "the command is empty",
            { Name: var name } when !NamePattern().IsMatch(name) => $"name '{name}' is not made of letters, digits, '-', '_' and '.', at most 64 and starting with a letter or digit",
            { Restart: { } restart } when restart.Validate() is { } invalid => $"Restart:{invalid}",
            _ => null,
        };
    }

    private static List<DaemonSpec> FromCount(MonitorsOptions options, List<string> errors)
    {
        if (options.Count is < 1 or > MaximumCount)
        {
            errors.Add($"{MonitorsOptions.Section}:Count: {options.Count} is out of range (1-{MaximumCount})");
            return [];
        }

        if (options.BasePort < 1 || options.BasePort + options.Count - 1 > 65535)
        {
            errors.Add($"{MonitorsOptions.Section}:BasePort: {options.Count} ports from {options.BasePort} are out of range (1-65535)");
            return [];
        }

        var specs = Enumerable.Range(options.BasePort, options.Count)
            .Select(port => new DaemonSpec { Name = $"monitor-{port}", Host = options.Host, Port = port, Restart = options.Restart })
            .ToList();

        if (Validate(specs[0]) is { } error)
        {
            errors.Add($"{MonitorsOptions.Section}: {error}");
        }

        return specs;
    }

    private static List<DaemonSpec> FromList(MonitorsOptions options, List<string> errors)
    {
        var specs = new List<DaemonSpec>();
        for (var i = 0; i < options.Daemons.Count; i++)
        {
            var daemon = options.Daemons[i];
            var spec = new DaemonSpec
            {
                Name = daemon.Name ?? $"monitor-{daemon.Port}",
                Host = daemon.Host ?? options.Host,
                Port = daemon.Port,
                HealthPath = daemon.HealthPath ?? "/health",
                Command = daemon.Command,
                Arguments = [.. daemon.Arguments],
                WorkingDirectory = daemon.WorkingDirectory,
                Environment = daemon.Environment.ToDictionary(e => e.Key, e => (string?)e.Value, StringComparer.Ordinal),
                Launch = daemon.Launch,
                Restart = daemon.Restart ?? options.Restart,
                PortRangeEnd = daemon.PortRangeEnd,
            };

            if (daemon.Restart?.Validate() is { } invalid)
            {
                errors.Add($"{MonitorsOptions.Section}:Daemons:{i}:Restart:{invalid}");
            }
            else if (Validate(spec) is { } error)
            {
                errors.Add($"{MonitorsOptions.Section}:Daemons:{i}: {error}");
            }

            specs.Add(spec);
        }

        return specs;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}
