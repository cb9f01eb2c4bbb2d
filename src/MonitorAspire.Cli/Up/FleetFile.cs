using System.Text.Json;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Cli.Up;

/// <summary>
/// Reads the section <c>Monitors</c> of a JSON file, the same that AppHost and supervisor read out of <c>appsettings.json</c>:
/// comments and trailing commas are fine, a key that nobody knows is an error.
/// </summary>
internal static class FleetFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">It cannot be read or meant: the file, the key and the value.</exception>
    internal static MonitorsOptions Read(string path)
    {
        using var document = Parse(path);
        var section = Section(path, document.RootElement);
        try
        {
            return section.Deserialize(FleetFileJson.Default.MonitorsOptions) ?? throw Wrong(path, MonitorsOptions.Section, "is null");
        }
        catch (JsonException e)
        {
            throw Wrong(path, Key(e.Path), Explain(section, e));
        }
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonDocument.Parse(stream, Lenient);
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path}: not JSON at line {e.LineNumber + 1}: {FirstSentence(e.Message)}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: there is no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path}: cannot be read: {e.Message}");
        }
    }

    private static JsonElement Section(string path, JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in root.EnumerateObject())
            {
                // Configuration keys know no case.
                if (string.Equals(property.Name, MonitorsOptions.Section, StringComparison.OrdinalIgnoreCase))
                {
                    return property.Value;
                }
            }
        }

        throw new UsageException($"{path}: there is no section '{MonitorsOptions.Section}'");
    }

    // "$.Daemons[1].Port" is Monitors:Daemons:1:Port to everybody who reads configuration.
    private static string Key(string? jsonPath) => MonitorsOptions.Section + (jsonPath ?? "$")[1..]
        .Replace("['", ":", StringComparison.Ordinal)
        .Replace("']", "", StringComparison.Ordinal)
        .Replace('.', ':')
        .Replace('[', ':')
        .Replace("]", "", StringComparison.Ordinal);

    private static string Explain(JsonElement section, JsonException error)
    {
        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return "is no setting";
        }

        return ValueAt(section, Key(error.Path)) is { } value
            ? $"{value} is not a value for it ({FirstSentence(error.InnerException?.Message ?? error.Message)})"
            : FirstSentence(error.Message);
    }

    private static string? ValueAt(JsonElement element, string key)
    {
        foreach (var part in key.Split(':').Skip(1))
        {
            if (element.ValueKind == JsonValueKind.Array && int.TryParse(part, out var index) && index < element.GetArrayLength())
            {
                element = element[index];
            }
            else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(part, out element))
            {
                return null;
            }
        }

        return element.GetRawText();
    }

    private static string FirstSentence(string text)
    {
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.');
    }

    private static UsageException Wrong(string path, string key, string what) => new($"{path}: {key}: {what}");
}
