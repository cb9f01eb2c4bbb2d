using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Writes the section <c>Monitors</c> as environment variables, from which a supervisor reads it again.</summary>
internal static class MonitorsVariables
{
    private static readonly JsonSerializerOptions PropertyNames = new(DefinitionJson.Default.Options) { PropertyNamingPolicy = null };

    /// <summary>The variables, as in <c>Monitors__Daemons__0__Port</c>. What is <see langword="null"/> in the options has no variable.</summary>
    /// <exception cref="ArgumentException">The environment of a daemon has an entry that no variable can express: a value of <see langword="null"/>, or two underscores in a name.</exception>
    public static IReadOnlyDictionary<string, string> Of(MonitorsOptions options)
    {
        if (options.Daemons.SelectMany(d => d.Environment).FirstOrDefault(e => e.Value is null || e.Key.Contains("__", StringComparison.Ordinal)) is { Key: { } name })
        {
            throw new ArgumentException($"'{name}' of a daemon's environment cannot be written as a variable of the supervisor", nameof(options));
        }

        var variables = new Dictionary<string, string>();
        var typeInfo = (JsonTypeInfo<MonitorsOptions>)PropertyNames.GetTypeInfo(typeof(MonitorsOptions));
        Add(MonitorsOptions.Section, JsonSerializer.SerializeToElement(options, typeInfo));
        return variables;

        void Add(string key, JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var property in value.EnumerateObject())
                    {
                        Add($"{key}__{property.Name}", property.Value);
                    }

                    break;
                case JsonValueKind.Array when value.GetArrayLength() > 0:
                    foreach (var (index, element) in value.EnumerateArray().Index())
                    {
                        Add(string.Create(CultureInfo.InvariantCulture, $"{key}__{index}"), element);
                    }

                    break;
                default:
                    // An empty variable is an empty list.
                    variables[key] = value.ValueKind == JsonValueKind.Array ? "" : value.ToString();
                    break;
            }
        }
    }
}
