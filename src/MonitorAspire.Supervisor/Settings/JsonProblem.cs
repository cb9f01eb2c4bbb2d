using System.Text.Json;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>Explains errors in JSON documents: where they are, and which value is wrong.</summary>
internal static class JsonProblem
{
    internal static string Syntax(JsonException error) => error.LineNumber is { } line
        ? $"not JSON at line {line + 1}: {FirstSentence(error.Message)}"
        : $"not JSON: {FirstSentence(error.Message)}";

    /// <summary>Explains a wrong value in a valid document: the key (as in <c>restart.jitter</c>, empty for the whole document) and a sentence with the value.</summary>
    internal static (string Key, string Message) Meaning(JsonElement root, JsonException error)
    {
        var key = Key(error.Path);
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return (key, "is not a setting");
        }

        // Errors are logged.
        var value = MayHaveSecrets(key) ? null : ValueAt(root, key);
        return (key, $"{value} is not a valid value ({FirstSentence(error.InnerException?.Message ?? error.Message)})".TrimStart());
    }

    /// <summary>A key as the properties of the document are written: <c>Restart</c> is <c>restart</c>.</summary>
    internal static string Camel(string key) => JsonNamingPolicy.CamelCase.ConvertName(key);

    // "$.daemons[1].port" is daemons.1.port.
    private static string Key(string? path) => (path ?? "$")[1..]
        .Replace("['", ".", StringComparison.Ordinal)
        .Replace("']", "", StringComparison.Ordinal)
        .Replace("[", ".", StringComparison.Ordinal)
        .Replace("]", "", StringComparison.Ordinal)
        .TrimStart('.');

    private static bool MayHaveSecrets(string key) => Secrets.LooksSecret(key)
        || key.Split('.').Any(part => part.Equals(nameof(DaemonDefinition.Environment), StringComparison.OrdinalIgnoreCase)
            || part.Equals(nameof(DaemonDefinition.Arguments), StringComparison.OrdinalIgnoreCase));

    private static string? ValueAt(JsonElement element, string key)
    {
        foreach (var part in key.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (element.ValueKind == JsonValueKind.Array && int.TryParse(part, out var index) && index < element.GetArrayLength())
            {
                element = element[index];
            }
            else if (element.ValueKind != JsonValueKind.Object || Property(element, part) is not { } value)
            {
                return null;
            }
            else
            {
                element = value;
            }
        }

        // An object or a list may have secrets in it.
        if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            return null;
        }

        var text = element.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= 200 ? text : text[..200] + "…";
    }

    private static JsonElement? Property(JsonElement element, string name) => element.EnumerateObject()
        .Where(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase))
        .Select(p => (JsonElement?)p.Value)
        .FirstOrDefault();

    private static string FirstSentence(string text)
    {
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.').ReplaceLineEndings(" ");
    }
}
