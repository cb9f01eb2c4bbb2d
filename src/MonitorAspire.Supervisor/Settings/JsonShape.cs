using System.Text.Json;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Which shape a value has in JSON: list, object, or a single value. The framework's binder ignores a value of another shape.</summary>
internal static class JsonShape
{
    /// <summary>The values of a wrong shape, each with its key (as in <c>Monitors:Count</c>) and a sentence. The keys that do not exist are skipped.</summary>
    internal static IEnumerable<(string Key, string Problem)> Problems(JsonElement value, string key, SettingSchema schema)
    {
        // A value of null is one that is not given.
        if (value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var shape = value.ValueKind is JsonValueKind.Array or JsonValueKind.Object ? value.ValueKind : JsonValueKind.Undefined;
        return shape != schema.Kind ? [(key, $"must be {schema.Expected}")] : shape switch
        {
            JsonValueKind.Array => value.EnumerateArray().Index().SelectMany(e => Below(e.Item, $"{e.Index}")),
            JsonValueKind.Object => value.EnumerateObject().SelectMany(p => Below(p.Value, p.Name)),
            _ => [],
        };

        IEnumerable<(string Key, string Problem)> Below(JsonElement below, string name) =>
            schema.Below(name) is { } known ? Problems(below, $"{key}:{name}", known) : [];
    }
}
