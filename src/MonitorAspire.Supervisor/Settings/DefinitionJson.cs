using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervisor.Fleet;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>
/// Daemons as a person writes them, in a request or in the file that keeps them. Strict: a misspelt or doubled key is an error and not a
/// default. Upper and lower case are the same, so that a piece of the configuration can be sent as it is.
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
[JsonSerializable(typeof(OverlayDocument))]
[JsonSerializable(typeof(SourcedDefinition))]
internal sealed partial class DefinitionJson : JsonSerializerContext;
