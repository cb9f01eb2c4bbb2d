using System.Text.RegularExpressions;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Resolves the daemons of a fleet from its options, and validates them.</summary>
public static partial class FleetTopology
{
    /// <summary>The most daemons that a fleet can have.</summary>
    public const int MaximumCount = 200;

    // RFC 1035, 2.3.4: 255 octets on the wire are 253 characters of text.
    private const int MaximumHostLength = 253;

    /// <summary>The specs, in the order of the ports or of the list. Empty if there are errors.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="errors">One line for each error, starting with the key as in <c>Monitors:Daemons:1:Port</c>.</param>
    public static IReadOnlyList<DaemonSpec> Resolve(MonitorsOptions options, out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (FleetWide(options) is { Count: > 0 } wrong)
        {
            // They apply to every daemon that has no value of its own. One message is enough.
            errors = wrong;
            return [];
        }

        var found = new List<string>();
        var specs = options.Daemons.Count > 0 ? FromList(options, found) : FromCount(options, found);
        found.AddRange(specs.GroupBy(s => s.Port).Where(g => g.Key != 0 && g.Count() > 1).Select(g =>
            $"{MonitorsOptions.Section}: port {g.Key} is given to {string.Join(" and ", g.Select(s => $"'{s.Name}'"))}; every daemon needs a port of its own"));
        found.AddRange(specs.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g =>
            $"{MonitorsOptions.Section}: the name '{g.Key}' is given {g.Count()} times; every daemon needs a name of its own"));
        if (found.Count == 0)
        {
            found.AddRange(StartOrder.Problems(specs).Select(p => $"{MonitorsOptions.Section}:Daemons:{p.Index}:{nameof(DaemonSpec.DependsOn)}: {p.Message}"));
        }

        errors = found;
        return found.Count == 0 ? specs : [];
    }

    /// <summary>The first error of a spec, or <see langword="null"/>.</summary>
    /// <param name="spec">The spec.</param>
    public static string? Validate(DaemonSpec spec) => Problems(spec) is [var (_, message), ..] ? message : null;

    /// <summary>All errors of a spec: the key as in <see cref="DaemonDefinition"/>, and a sentence with the value.</summary>
    internal static IReadOnlyList<(string Key, string Message)> Problems(DaemonSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var found = new List<(string, string)>();
        Check(spec.Port is >= 1 and <= 65535, nameof(spec.Port), spec.Port == 0 ? "the port that it listens on is missing (1-65535)" : $"port {spec.Port} is out of range (1-65535)");
        Check(
            spec.PortRangeEnd is not { } end || (end >= spec.Port && end <= 65535),
            nameof(spec.PortRangeEnd),
            $"port range {spec.Port}-{spec.PortRangeEnd} is not a range within 1-65535");
        Check(spec.Host.Length <= MaximumHostLength && !string.IsNullOrWhiteSpace(spec.Host) && !spec.Host.Any(IsSpace), nameof(spec.Host), $"host '{Shown(spec.Host)}' is not a host name or address");
        Check(spec.HealthPath.StartsWith('/'), nameof(spec.HealthPath), $"health path '{Shown(spec.HealthPath)}' does not start with '/'");
        Check(!spec.HealthPath.Any(IsSpace), nameof(spec.HealthPath), $"health path '{Shown(spec.HealthPath)}' has white space in it");
        Check(spec.Command is null || !string.IsNullOrWhiteSpace(spec.Command), nameof(spec.Command), "the command is empty");
        Check(spec.Command is null || Whole(spec.Command), nameof(spec.Command), "the command has a NUL character in it");
        Check(spec.Arguments.All(a => a is not null && Whole(a)), nameof(spec.Arguments), "an argument has a NUL character in it, or is null");
        Check(spec.WorkingDirectory is null || !string.IsNullOrWhiteSpace(spec.WorkingDirectory), nameof(spec.WorkingDirectory), "the working directory is empty");
        Check(spec.WorkingDirectory is null || Whole(spec.WorkingDirectory), nameof(spec.WorkingDirectory), "the working directory has a NUL character in it");
        foreach (var (name, value) in spec.Environment)
        {
            // '=' ends the name and NUL ends the variable, so such a name or value would become a different variable.
            Check(name.Length > 0 && !name.Contains('=', StringComparison.Ordinal) && Whole(name), nameof(spec.Environment), $"'{Shown(name)}' is not a name of a variable");
            Check(value is null || Whole(value), nameof(spec.Environment), $"the value of '{Shown(name)}' has a NUL character in it");
        }

        Check(
            NamePattern().IsMatch(spec.Name),
            nameof(spec.Name),
            $"name '{Shown(spec.Name)}' is not made of letters, digits, '-', '_' and '.', at most 64 and starting with a letter or digit");
        Policy(nameof(spec.Restart), spec.Restart?.Validate());
        Policy(nameof(spec.Health), HealthCheckRules.Problem(spec.Health, spec.Launch));
        Policy(nameof(spec.Log), spec.Log.Validate());
        Check(spec.DependsOn.All(d => d is { Name: not null }), nameof(spec.DependsOn), "a daemon that it depends on has no name");
        Check(spec.DependsOn.All(d => d is null || Enum.IsDefined(d.Condition)), nameof(spec.DependsOn), $"a condition is not one of {string.Join(", ", Enum.GetNames<DependencyCondition>())}");
        Check(
            Enum.IsDefined(spec.OnDependencyRestart),
            nameof(spec.OnDependencyRestart),
            $"{(int)spec.OnDependencyRestart} is not one of {string.Join(", ", Enum.GetNames<DependencyRestart>())}");
        found.AddRange(LaunchRules.Problems(spec));
        Check(spec.MemoryLimitBytes is null or (>= 1L << 20 and <= 1L << 50), nameof(spec.MemoryLimitBytes), $"{spec.MemoryLimitBytes} is out of range ({1L << 20} to {1L << 50})");
        Policy(nameof(spec.RestartOnChange), spec.RestartOnChange?.Validate(spec.Launch));
        Check(spec.SecretEnvironment.All(name => name is not null), nameof(spec.SecretEnvironment), "a name of a variable is null");
        return found;

        void Check(bool right, string key, string message)
        {
            if (!right)
            {
                found.Add((key, message));
            }
        }

        void Policy(string key, string? invalid)
        {
            if (invalid is not null)
            {
                found.Add((key, $"{key}:{invalid}"));
            }
        }

        static bool IsSpace(char c) => char.IsWhiteSpace(c) || char.IsControl(c);

        static bool Whole(string text) => !text.Contains('\0', StringComparison.Ordinal);
    }

    /// <summary>Text of a request in a message, which is one line.</summary>
    internal static string Shown(string text) => VisibleText.Line(text.Length <= 200 ? text : text[..200]);

    private static List<string> FleetWide(MonitorsOptions options)
    {
        var errors = new List<string>();
        var day = TimeSpan.FromDays(1);
        Add("Restart:", options.Restart.Validate());
        Add("Probe:", options.Probe.Validate());
        Add("Log:", options.Log.Validate());
        Add("StartTimeout: ", options.StartTimeout > TimeSpan.Zero && options.StartTimeout <= day ? null : $"{options.StartTimeout} is not a time to wait (more than 0, at most 1 day)");
        Add("StopGracePeriod: ", options.StopGracePeriod >= TimeSpan.Zero && options.StopGracePeriod <= day ? null : $"{options.StopGracePeriod} is not a time to wait (0 to 1 day)");
        return errors;

        void Add(string key, string? error)
        {
            if (error is not null)
            {
                errors.Add($"{MonitorsOptions.Section}:{key}{error}");
            }
        }
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

        var specs = Enumerable.Range(options.BasePort, options.Count).Select(port => DefinitionMapper.ToSpec(new DaemonDefinition { Port = port }, options)).ToList();

        // They differ in the port only, and the ports are in range.
        foreach (var (key, message) in Problems(specs[0]))
        {
            errors.Add($"{MonitorsOptions.Section}:{key}: {message}");
        }

        return specs;
    }

    private static List<DaemonSpec> FromList(MonitorsOptions options, List<string> errors)
    {
        if (options.Daemons.Count > MaximumCount)
        {
            errors.Add($"{MonitorsOptions.Section}:Daemons: {options.Daemons.Count} daemons are more than a fleet has ({MaximumCount})");
            return [];
        }

        var specs = options.Daemons.Select(d => DefinitionMapper.ToSpec(d, options)).ToList();
        for (var i = 0; i < specs.Count; i++)
        {
            foreach (var (key, message) in Problems(specs[i]))
            {
                errors.Add(message.StartsWith($"{key}:", StringComparison.Ordinal)
                    ? $"{MonitorsOptions.Section}:Daemons:{i}:{message}"
                    : $"{MonitorsOptions.Section}:Daemons:{i}:{key}: {message}");
            }
        }

        return specs;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NamePattern();
}
