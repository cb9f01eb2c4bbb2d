using System.Text.Json;
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
        var options = Read(configuration, out var errors, out _);
        return errors.Count == 0 ? options : throw new ConfigurationException(string.Join("; ", errors));
    }

    /// <summary>Reads what can be read. A value that cannot is the default, and its key is one of the wrong ones.</summary>
    internal static MonitorsOptions Read(IConfiguration configuration, out IReadOnlyList<string> errors, out IReadOnlyList<string> wrongKeys)
    {
        var found = new List<string>();
        var wrong = new List<string>();
        var options = Bind(configuration, found, wrong);
        found.AddRange(UnknownKeys(configuration.GetSection(MonitorsOptions.Section), SettingSchema.Monitors));

        // What the binder says about such a value, or about a key below it, is a consequence of the shape.
        var shapes = WrongShapes(configuration);
        found.RemoveAll(e => shapes.Any(s => e.StartsWith($"{s.Key}:", StringComparison.OrdinalIgnoreCase)));
        found.AddRange(shapes.Select(s => $"{s.Key}: {s.Problem}"));
        errors = [.. found.Select(e => ConfigurationOrigin.Locate(configuration, e))];
        wrongKeys = [.. wrong, .. shapes.Select(s => s.Key)];
        return options;
    }

    internal static IReadOnlyList<DaemonSpec> Resolve(MonitorsOptions options, IConfiguration configuration)
    {
        var specs = Resolve(options, configuration, out var errors);
        return errors.Count == 0 ? specs : throw new ConfigurationException(string.Join("; ", errors));
    }

    internal static IReadOnlyList<DaemonSpec> Resolve(MonitorsOptions options, IConfiguration configuration, out IReadOnlyList<string> errors)
    {
        var specs = FleetTopology.Resolve(options, out var found);
        errors = [.. found.Select(e => ConfigurationOrigin.Locate(configuration, e))];

        // An empty list is a fleet without daemons. Without a list the fleet has four.
        return options.Daemons.Count == 0 && IsEmptyList(configuration) ? [] : specs;
    }

    // The binder stops at the first wrong value. It is asked again without that value.
    private static MonitorsOptions Bind(IConfiguration configuration, List<string> errors, List<string> wrongKeys)
    {
        for (var read = configuration; ;)
        {
            var options = new MonitorsOptions();
            try
            {
                read.GetSection(MonitorsOptions.Section).Bind(options);
                return options;
            }
            catch (InvalidOperationException e)
            {
                var (key, message) = Explain(e, read);
                errors.Add(message);
                if (key is null)
                {
                    return new MonitorsOptions();
                }

                wrongKeys.Add(key);
                read = new ConfigurationBuilder()
                    .AddInMemoryCollection(read.AsEnumerable().Where(v => v.Value is not null && !string.Equals(v.Key, key, StringComparison.OrdinalIgnoreCase)))
                    .Build();
            }
        }
    }

    private static List<(string Key, string Problem)> WrongShapes(IConfiguration configuration)
        => [.. (configuration as IConfigurationRoot)?.Providers.OfType<MonitorsFile>().SelectMany(f => f.WrongShapes) ?? []];

    private static bool IsEmptyList(IConfiguration configuration)
        => (configuration as IConfigurationRoot)?.Providers.Any(p => p.TryGet(DaemonsKey, out var value) && string.IsNullOrEmpty(value)) == true;

    // "Failed to convert configuration value 'abc' at 'Monitors:Count' to type 'System.Int32'." The key is what the user needs.
    private static (string? Key, string Message) Explain(InvalidOperationException exception, IConfiguration configuration)
    {
        foreach (var key in exception.Message.Split('\''))
        {
            if (key.StartsWith(MonitorsOptions.Section, StringComparison.OrdinalIgnoreCase) && configuration[key] is { } value)
            {
                return (key, $"{key}: '{value}' is not {SettingSchema.Find(key)?.Expected ?? "a value that this key can have"}");
            }
        }

        return (null, exception.Message);
    }

    // The keys that do not exist, each as a sentence that starts with the key. The framework's binder ignores such keys, so that a misspelt key
    // would silently mean the default.
    private static IEnumerable<string> UnknownKeys(IConfigurationSection section, SettingSchema schema)
    {
        foreach (var child in schema.Keys is not null || schema.Kind == JsonValueKind.Array ? section.GetChildren() : [])
        {
            IEnumerable<string> problems = schema.Below(child.Key) is { } known ? UnknownKeys(child, known)
                : Nearest.To(child.Key, schema.Keys!) is { } near ? [$"{child.Path}: is not a setting; did you mean '{near}'?"]
                : [$"{child.Path}: is not a setting; there are {string.Join(", ", schema.Keys!)}"];
            foreach (var problem in problems)
            {
                yield return problem;
            }
        }
    }
}

/// <summary>The fleet as it is in the configuration, without the changes that were made over the REST API.</summary>
internal sealed record FleetConfiguration(MonitorsOptions Monitors, IReadOnlyList<DaemonSpec> Specs);
