using System.Text.Json.Serialization;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>What a daemon is made of.</summary>
/// <param name="Source">Who has said so.</param>
/// <param name="Definition">The daemon, as PUT takes it, defaults filled in.</param>
internal sealed record SourcedDefinition(DefinitionSource Source, DaemonDefinition Definition)
{
    internal static SourcedDefinition Of(DaemonSpec spec, DefinitionSource source) => new(source, new DaemonDefinition
    {
        Name = spec.Name,
        Port = spec.Port,
        PortRangeEnd = spec.PortRangeEnd,
        Host = spec.Host,
        HealthPath = spec.HealthPath,
        Command = spec.Command,
        Arguments = [.. spec.Arguments],
        WorkingDirectory = spec.WorkingDirectory,
        Environment = spec.Environment.ToDictionary(e => e.Key, e => e.Value!, StringComparer.Ordinal),
        Restart = spec.Restart,
        Launch = spec.Launch,
    });
}

/// <summary>Who has said what a daemon is made of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DefinitionSource>))]
internal enum DefinitionSource
{
    /// <summary>The configuration.</summary>
    [JsonStringEnumMemberName("configuration")]
    Configuration,

    /// <summary>The interface: it was added or changed there, and that is kept over the configuration.</summary>
    [JsonStringEnumMemberName("interface")]
    Interface,
}
