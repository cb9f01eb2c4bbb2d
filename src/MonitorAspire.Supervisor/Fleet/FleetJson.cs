using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The supervisor's own documents that contain definitions, as strict as <see cref="Supervision.Daemons.DefinitionJson"/>.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = true,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OverlayDocument))]
[JsonSerializable(typeof(SourcedDefinition))]
internal sealed partial class FleetJson : JsonSerializerContext;
