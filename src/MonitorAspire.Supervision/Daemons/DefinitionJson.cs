using System.Text.Json;
using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// Definitions as JSON. A misspelt or repeated key is an error. Upper and lower case are the same, so that a part of a configuration file
/// can be sent to the REST API as it is.
/// </summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = true,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(DaemonDefinition))]
[JsonSerializable(typeof(MonitorsOptions))]
[JsonSerializable(typeof(HealthCheck))]
internal sealed partial class DefinitionJson : JsonSerializerContext;
