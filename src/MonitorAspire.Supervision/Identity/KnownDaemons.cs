using System.Globalization;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Identity;

/// <summary>The daemons that have files in a state directory. Changes nothing.</summary>
internal static class KnownDaemons
{
    private const string Prefix = "monitor-daemon-";

    /// <summary>The ports that have a file in a state directory, sorted. Empty where there is no such directory.</summary>
    /// <exception cref="UnauthorizedAccessException">This user may not list it.</exception>
    public static IReadOnlyList<int> Ports(string stateDirectory)
    {
        if (!Directory.Exists(stateDirectory))
        {
            return [];
        }

        return [.. Directory.EnumerateFileSystemEntries(stateDirectory, Prefix + "*")
            .Select(path => PortOf(Path.GetFileName(path)))
            .OfType<int>()
            .Distinct()
            .Order()];
    }

    /// <summary>The record of a port's latest instance, or <see langword="null"/>.</summary>
    public static InstanceRecord? Record(string stateDirectory, int port) => InstanceRecord.Read(new DaemonFiles(stateDirectory, port).InstanceFile);

    /// <summary>What is known of the daemon of a port: its stored definition, and the record of its latest instance.</summary>
    public static KnownDaemon Find(string stateDirectory, int port) =>
        new(port, DefinitionFile.TryRead(new DaemonFiles(stateDirectory, port)), Record(stateDirectory, port));

    /// <summary>All daemons that have a definition, a record or a PID file, by port. A lock file alone only says that there was one once.</summary>
    public static IReadOnlyList<KnownDaemon> All(string stateDirectory) =>
    [
        .. Ports(stateDirectory)
            .Select(port => Find(stateDirectory, port))
            .Where(daemon => daemon.Definition is not null || daemon.Record is not null || File.Exists(new DaemonFiles(stateDirectory, daemon.Port).PidFile)),
    ];

    /// <summary>A specification with name, host, health path and log limits of the record, and with defaults where the record has none.</summary>
    public static DaemonSpec Spec(int port, InstanceRecord? record) => DefinitionMapper.ToSpec(new DaemonDefinition
    {
        Port = port,
        Name = NullIfEmpty(record?.Name),
        Host = NullIfEmpty(record?.Host),
        HealthPath = NullIfEmpty(record?.HealthPath),
        Health = HealthOf(record),
        StopSignal = record?.StopSignal ?? default,
        StopMode = record?.StopMode ?? default,

        // A record that was edited by hand is not a definition.
        Log = record?.Log is { } log && log.Validate() is null ? log : null,
    });

    internal static HealthCheck? HealthOf(InstanceRecord? record) =>
        record?.Health is { } health && HealthCheckRules.Problem(health, LaunchMode.Supervisor) is null ? health : null;

    internal static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static int? PortOf(string fileName)
    {
        var rest = fileName.AsSpan(Prefix.Length);
        var dot = rest.IndexOf('.');
        return dot > 0 && int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : null;
    }
}

/// <summary>What is known of the daemon of a port.</summary>
internal sealed record KnownDaemon(int Port, DaemonDefinition? Definition, InstanceRecord? Record)
{
    public string Name => KnownDaemons.NullIfEmpty(Record?.Name) ?? Definition?.Name ?? DaemonSpec.DefaultName(Port);

    /// <summary>To inspect or to stop it: its stored definition, with what the record of the instance says.</summary>
    public DaemonSpec ToSpec() => Definition is null ? KnownDaemons.Spec(Port, Record) : DefinitionMapper.ToSpec(Definition) with
    {
        Name = Name,
        Host = KnownDaemons.NullIfEmpty(Record?.Host) ?? Definition.Host ?? DaemonSpec.DefaultHost,
        HealthPath = KnownDaemons.NullIfEmpty(Record?.HealthPath) ?? Definition.HealthPath ?? DaemonSpec.DefaultHealthPath,
        Health = KnownDaemons.HealthOf(Record) ?? Definition.Health ?? new HealthCheck(),
    };
}
