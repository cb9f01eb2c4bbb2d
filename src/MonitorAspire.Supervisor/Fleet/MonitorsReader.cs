using System.Text.Json.Serialization.Metadata;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>Reads the section <c>Monitors</c>. An error is one line with file, key and value.</summary>
internal static class MonitorsReader
{
    private const string DaemonsKey = $"{MonitorsOptions.Section}:{nameof(MonitorsOptions.Daemons)}";

    /// <summary>The section, and the daemons that it declares. Services are looked up.</summary>
    internal static async Task<FleetConfiguration> ReadFleetAsync(IConfiguration configuration)
    {
        var monitors = Read(configuration);
        await ServiceAddresses.ResolveAsync(monitors, configuration);
        return new FleetConfiguration(monitors, Resolve(monitors, configuration));
    }

    internal static MonitorsOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(MonitorsOptions.Section);
        var options = new MonitorsOptions();
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            throw new ConfigurationException(ConfigurationOrigin.Locate(configuration, Explain(e, configuration)));
        }

        return UnknownKey(section, DefinitionJson.Default.MonitorsOptions) is { } unknown
            ? throw new ConfigurationException(ConfigurationOrigin.Locate(configuration, unknown))
            : options;
    }

    internal static IReadOnlyList<DaemonSpec> Resolve(MonitorsOptions options, IConfiguration configuration)
    {
        var specs = FleetTopology.Resolve(options, out var errors);
        if (errors.Count > 0)
        {
            throw new ConfigurationException(string.Join("; ", errors.Select(e => ConfigurationOrigin.Locate(configuration, e))));
        }

        // An empty list is a fleet without daemons. Without a list the fleet has four.
        return options.Daemons.Count == 0 && IsEmptyList(configuration) ? [] : specs;
    }

    private static bool IsEmptyList(IConfiguration configuration)
        => (configuration as IConfigurationRoot)?.Providers.Any(p => p.TryGet(DaemonsKey, out var value) && string.IsNullOrEmpty(value)) == true;

    // "Failed to convert configuration value 'abc' at 'Monitors:Count' to type 'System.Int32'." The key is what the user needs.
    private static string Explain(InvalidOperationException exception, IConfiguration configuration)
    {
        foreach (var key in exception.Message.Split('\''))
        {
            if (key.StartsWith(MonitorsOptions.Section, StringComparison.OrdinalIgnoreCase) && configuration[key] is { } value)
            {
                return $"{key}: '{value}' is not {Expected(exception.Message)}";
            }
        }

        return exception.Message;
    }

    private static string Expected(string message) => message switch
    {
        _ when message.Contains("Int32", StringComparison.Ordinal) => "a whole number",
        _ when message.Contains("Double", StringComparison.Ordinal) => "a number",
        _ when message.Contains("Boolean", StringComparison.Ordinal) => "true or false",
        _ when message.Contains("TimeSpan", StringComparison.Ordinal) => "a time like 00:00:30",
        _ when message.Contains("PidFileWriter", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<PidFileWriter>())}",
        _ when message.Contains("TerminationSignal", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<TerminationSignal>())}",
        _ when message.Contains("StopMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<StopMode>())}",
        _ when message.Contains("LaunchMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<LaunchMode>())}",
        _ when message.Contains("RestartMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<RestartMode>())}",
        _ when message.Contains("HealthCheckKind", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<HealthCheckKind>())}",
        _ => "a value that this key can have",
    };

    // The first key that does not exist, as a sentence that starts with the key. The framework's binder ignores such keys, so that a misspelt
    // key would silently mean the default.
    private static string? UnknownKey(IConfigurationSection section, JsonTypeInfo type)
    {
        foreach (var child in section.GetChildren())
        {
            switch (type.Kind)
            {
                case JsonTypeInfoKind.Object:
                    var property = type.Properties.FirstOrDefault(p => string.Equals(p.Name, child.Key, StringComparison.OrdinalIgnoreCase));
                    if (property is null)
                    {
                        return $"{child.Path}: is not a setting; there are {string.Join(", ", type.Properties.Select(p => Pascal(p.Name)))}";
                    }

                    if (Below(child, property.PropertyType) is { } inside)
                    {
                        return inside;
                    }

                    break;
                case JsonTypeInfoKind.Enumerable when type.ElementType is { } element && Below(child, element) is { } problem:
                    return problem;
            }
        }

        return null;
    }

    private static string? Below(IConfigurationSection section, Type type)
        => DefinitionJson.Default.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type) is { } info ? UnknownKey(section, info) : null;

    private static string Pascal(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}

/// <summary>The fleet as it is in the configuration, without the changes that were made over the REST API.</summary>
internal sealed record FleetConfiguration(MonitorsOptions Monitors, IReadOnlyList<DaemonSpec> Specs);
