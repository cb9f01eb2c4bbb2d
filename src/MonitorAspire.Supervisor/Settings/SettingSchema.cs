using System.Text.Json;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>
/// What the JSON schema of a configuration says about a key: which keys are below it, and of which shape its value is.
/// </summary>
/// <remarks>The types tell the same, but to describe all of them takes a quarter of the start of a supervisor that is compiled just in time.</remarks>
internal sealed class SettingSchema
{
    private const string Text = "a text";

    private static readonly Lazy<SettingSchema> Section = new(() =>
    {
        using var resource = typeof(SettingSchema).Assembly.GetManifestResourceStream("monitors.schema.json")!;
        using var document = JsonDocument.Parse(resource);
        return new SettingSchema(document.RootElement.GetProperty("properties").GetProperty(MonitorsOptions.Section));
    });

    private readonly Dictionary<string, SettingSchema>? _keys;
    private readonly SettingSchema? _element;

    private SettingSchema(JsonElement node)
    {
        if (node.TryGetProperty("properties", out var properties))
        {
            _keys = properties.EnumerateObject().ToDictionary(p => p.Name, p => new SettingSchema(p.Value), StringComparer.OrdinalIgnoreCase);
            (Kind, Expected) = (JsonValueKind.Object, $"an object such as {Example}");
        }
        else if (node.TryGetProperty("items", out var items))
        {
            _element = new SettingSchema(items);
            (Kind, Expected) = (JsonValueKind.Array, _element._keys is not null ? $"a list of objects such as {_element.Example}" : _element.Expected == Text ? "a list of texts" : "a list of numbers");
        }
        else if (node.TryGetProperty("additionalProperties", out var values))
        {
            _element = new SettingSchema(values);
            (Kind, Expected) = (JsonValueKind.Object, "an object such as { \"NAME\": \"value\" }");
        }
        else
        {
            Expected = node.TryGetProperty("enum", out var names) ? $"one of {string.Join(", ", names.EnumerateArray().Select(n => n.GetString()).OfType<string>())}" : ExpectedType(node);
        }
    }

    /// <summary>The section <c>Monitors</c>.</summary>
    internal static SettingSchema Monitors => Section.Value;

    /// <summary>Object, array, or <see cref="JsonValueKind.Undefined"/> for a single value.</summary>
    internal JsonValueKind Kind { get; }

    /// <summary>What a value must be, as the end of a sentence.</summary>
    internal string Expected { get; }

    /// <summary>The keys below this one, where only these may be there.</summary>
    internal IReadOnlyCollection<string>? Keys => _keys?.Keys;

    private string Example => $"{{ \"{_keys!.Keys.First()}\": … }}";

    /// <summary>The key below this one, or the element of a list; <see langword="null"/> where there is none. Upper and lower case are the same.</summary>
    internal SettingSchema? Below(string key) => _keys is null ? _element : _keys.GetValueOrDefault(key);

    /// <summary>A whole key as in <c>Monitors:Daemons:0:Port</c>; <see langword="null"/> where there is no such key.</summary>
    internal static SettingSchema? Find(string key) =>
        key.Split(':').Skip(1).Aggregate((SettingSchema?)Monitors, static (schema, name) => schema?.Below(name));

    private static string ExpectedType(JsonElement node)
    {
        var type = node.GetProperty("type") is { ValueKind: JsonValueKind.Array } several ? several[0] : node.GetProperty("type");
        return type.GetString() switch
        {
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            _ => node.TryGetProperty("pattern", out _) ? "a time like 00:00:30" : Text,
        };
    }
}
