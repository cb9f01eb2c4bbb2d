using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>A daemon that another one needs. It has setters because it is bound from configuration, and is not changed after that.</summary>
public sealed record DaemonDependency
{
    /// <summary>Name of a daemon of the same fleet. Upper and lower case are the same. Required.</summary>
    public string Name { get; set; } = "";

    /// <summary>What is waited for. Default <see cref="DependencyCondition.Verified"/>.</summary>
    public DependencyCondition Condition { get; set; }
}

/// <summary>What a daemon waits for before it is started. Written by its name in JSON as in configuration.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DependencyCondition>))]
public enum DependencyCondition
{
    /// <summary>The other daemon runs: its start was verified and its last probe passed.</summary>
    Verified,

    /// <summary>The process of the other daemon was started, verified or not.</summary>
    Started,
}

/// <summary>What happens to a daemon that runs when one that it depends on was restarted. Written by its name in JSON as in configuration.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DependencyRestart>))]
public enum DependencyRestart
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>It is restarted as soon as the new instance of the other daemon is verified.</summary>
    Restart,
}
