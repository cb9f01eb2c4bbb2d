using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The file that has the changes that were made over the REST API. It
/// contains commands that are run, so it must belong to this user, and no other user may have access. A file that cannot be read is not
/// overwritten.</summary>
internal sealed class OverlayFile(string path)
{
    private const int MaximumBytes = 64 * 1024 * 1024;

    private static readonly JsonDocumentOptions UniqueNames = new() { AllowDuplicateProperties = false };

    internal string FilePath => path;

    /// <summary>Reads the file. Without a file there are no changes.</summary>
    /// <exception cref="ConfigurationException">It is not JSON, or a definition is invalid. The message has file, key and value.</exception>
    /// <exception cref="UntrustedFileException">It is a link, belongs to another user, or other users have access.</exception>
    internal FleetOverlay Read()
    {
        if (PrivateFile.Read(FilePath, MaximumBytes) is not { } content)
        {
            return FleetOverlay.Empty;
        }

        var document = Parse(content);
        var errors = Problems(document).ToList();
        return errors.Count == 0
            ? FleetOverlay.Of(document.Daemons, document.Removed)
            : throw Wrong(string.Join("; ", errors));
    }

    /// <summary>Replaces the file. If it cannot be written the old content remains.</summary>
    internal void Write(FleetOverlay overlay)
    {
        using var pending = Prepare(overlay);
        pending.Commit();
    }

    /// <summary>Writes the next content to a temporary file, which replaces the file when it is committed.</summary>
    internal PendingFile Prepare(FleetOverlay overlay) => PendingFile.Write(
        FilePath,
        JsonSerializer.SerializeToUtf8Bytes(new OverlayDocument { Daemons = overlay.Daemons, Removed = overlay.Removed }, FleetJson.Strict.OverlayDocument),
        toDisk: true);

    private OverlayDocument Parse(byte[] content)
    {
        // The parser does not look into strings.
        if (!Utf8.IsValid(content))
        {
            throw Wrong("it is not valid UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(content, UniqueNames);
            try
            {
                return document.Deserialize(FleetJson.Strict.OverlayDocument) ?? throw Wrong("null is not a fleet");
            }
            catch (JsonException e)
            {
                var (key, message) = JsonProblem.Meaning(document.RootElement, e);
                throw Wrong($"{key}: {message}");
            }
        }
        catch (JsonException e)
        {
            throw Wrong(JsonProblem.Syntax(e));
        }
        catch (InvalidOperationException)
        {
            throw Wrong("it has a property name with half a surrogate pair");
        }
    }

    private ConfigurationException Wrong(string problem) => new($"{FilePath}: {problem} (correct the file, or move it away)");

    private static IEnumerable<string> Problems(OverlayDocument document)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < document.Daemons.Count; i++)
        {
            var daemon = document.Daemons[i];
            if (daemon?.Name is null)
            {
                yield return $"daemons.{i}.name: is missing";
                continue;
            }

            foreach (var (key, message) in DefinitionCheck.Problems(daemon, new MonitorsOptions()))
            {
                yield return $"daemons.{i}.{key}: {message}";
            }

            if (!names.Add(daemon.Name))
            {
                yield return $"daemons.{i}.name: '{daemon.Name}' is given twice";
            }
        }

        for (var i = 0; i < document.Removed.Count; i++)
        {
            if (document.Removed[i] is not { } name || !names.Add(name))
            {
                yield return $"removed.{i}: '{document.Removed[i]}' is not a name, or is given twice";
            }
        }
    }
}

/// <summary>The content of <c>supervisor-PORT.daemons.json</c>.</summary>
internal sealed class OverlayDocument
{
    public IList<DaemonDefinition> Daemons { get; set; } = [];

    public IList<string> Removed { get; set; } = [];
}

/// <summary>The supervisor's own documents that contain definitions.</summary>
[JsonSerializable(typeof(OverlayDocument))]
[JsonSerializable(typeof(SourcedDefinition))]
internal sealed partial class FleetJson : JsonSerializerContext
{
    /// <summary>As strict as the definitions themselves, with the same options.</summary>
    internal static FleetJson Strict { get; } = new(new JsonSerializerOptions(DefinitionJson.Default.Options));
}
