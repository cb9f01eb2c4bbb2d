using System.Text.Json.Serialization;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The definition of a daemon, and where it comes from.</summary>
/// <param name="Source">Where it comes from.</param>
/// <param name="Definition">The definition with all defaults filled in. PUT accepts it as it is.</param>
internal sealed record SourcedDefinition(DefinitionSource Source, DaemonDefinition Definition);

/// <summary>Where the definition of a daemon comes from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DefinitionSource>))]
internal enum DefinitionSource
{
    /// <summary>The configuration.</summary>
    [JsonStringEnumMemberName("configuration")]
    Configuration,

    /// <summary>The REST API: the daemon was added or changed there, which takes precedence over the configuration.</summary>
    [JsonStringEnumMemberName("rest-api")]
    RestApi,
}
