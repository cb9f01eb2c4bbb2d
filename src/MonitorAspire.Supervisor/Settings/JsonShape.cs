using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Which shape a value has in JSON: list, object, or a single value. The framework's binder ignores a value of another shape.</summary>
internal static class JsonShape
{
    /// <summary>The values of a wrong shape, each with its key (as in <c>Monitors:Count</c>) and a sentence. The keys that do not exist are skipped.</summary>
    internal static IEnumerable<(string Key, string Problem)> Problems(JsonElement value, string key, JsonTypeInfo type)
    {
        // A value of null is one that is not given.
        if (value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var isRight = type.Kind switch
        {
            JsonTypeInfoKind.Enumerable => value.ValueKind == JsonValueKind.Array,
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => value.ValueKind == JsonValueKind.Object,
            _ => value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object),
        };
        return !isRight ? [(key, $"must be {Expected(type)}")] : type.Kind switch
        {
            JsonTypeInfoKind.Enumerable => value.EnumerateArray().Index().SelectMany(e => Below(e.Item, $"{key}:{e.Index}", type.ElementType!)),
            JsonTypeInfoKind.Dictionary => value.EnumerateObject().SelectMany(p => Below(p.Value, $"{key}:{p.Name}", type.ElementType!)),
            JsonTypeInfoKind.Object => value.EnumerateObject().SelectMany(p => PropertyOf(type, p.Name) is { } property ? Below(p.Value, $"{key}:{p.Name}", property.PropertyType) : []),
            _ => [],
        };
    }

    internal static JsonTypeInfo? InfoOf(Type type) => DefinitionJson.Default.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);

    internal static JsonPropertyInfo? PropertyOf(JsonTypeInfo type, string name)
        => type.Properties.FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>A name of a property as people write it in a configuration.</summary>
    internal static string Pascal(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>What a single value must be.</summary>
    /// <param name="text">A text with the name of the type in it.</param>
    internal static string Expected(string text) => text switch
    {
        _ when text.Contains("Int32", StringComparison.Ordinal) || text.Contains("Int64", StringComparison.Ordinal) => "a whole number",
        _ when text.Contains("Double", StringComparison.Ordinal) => "a number",
        _ when text.Contains("Boolean", StringComparison.Ordinal) => "true or false",
        _ when text.Contains("TimeSpan", StringComparison.Ordinal) => "a time like 00:00:30",
        _ when text.Contains("PidFileWriter", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<PidFileWriter>())}",
        _ when text.Contains("TerminationSignal", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<TerminationSignal>())}",
        _ when text.Contains("StopMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<StopMode>())}",
        _ when text.Contains("LaunchMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<LaunchMode>())}",
        _ when text.Contains("RestartMode", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<RestartMode>())}",
        _ when text.Contains("DependencyCondition", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<DependencyCondition>())}",
        _ when text.Contains("DependencyRestart", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<DependencyRestart>())}",
        _ when text.Contains("HealthCheckKind", StringComparison.Ordinal) => $"one of {string.Join(", ", Enum.GetNames<HealthCheckKind>())}",
        _ => "a value that this key can have",
    };

    private static IEnumerable<(string Key, string Problem)> Below(JsonElement value, string key, Type type)
        => InfoOf(type) is { } info ? Problems(value, key, info) : [];

    private static string Expected(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Enumerable => InfoOf(type.ElementType!) switch
        {
            { Kind: JsonTypeInfoKind.Object } element => $"a list of objects such as {Example(element)}",
            { Type: var element } when element == typeof(string) => "a list of texts",
            _ => "a list of numbers",
        },
        JsonTypeInfoKind.Object => $"an object such as {Example(type)}",
        JsonTypeInfoKind.Dictionary => "an object such as { \"NAME\": \"value\" }",
        _ => type.Type == typeof(string) ? "a text" : Expected(type.Type.FullName!),
    };

    private static string Example(JsonTypeInfo type) => $"{{ \"{Pascal(type.Properties[0].Name)}\": … }}";
}
