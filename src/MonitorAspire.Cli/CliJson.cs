using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Cli.Logs;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Cli;

/// <summary>The documents that only the command line prints or reads.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogDocument))]
internal sealed partial class CliJson : JsonSerializerContext;

/// <summary>How a fleet file is read: strictly, so that a misspelt key is an error and not a default.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UseStringEnumConverter = true,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(MonitorsOptions))]
internal sealed partial class FleetFileJson : JsonSerializerContext;
