using System.Text.Json;
using System.Text.Json.Serialization;
using MonitorAspire.Cli.Logs;

namespace MonitorAspire.Cli;

/// <summary>The documents that only the command line prints or reads.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogDocument))]
internal sealed partial class CliJson : JsonSerializerContext;
