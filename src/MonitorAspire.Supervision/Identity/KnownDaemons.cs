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

    /// <summary>A specification with name, host and health path of the record, and with defaults where the record has none.</summary>
    public static DaemonSpec Spec(int port, InstanceRecord? record) => DefinitionMapper.ToSpec(new DaemonDefinition
    {
        Port = port,
        Name = NullIfEmpty(record?.Name),
        Host = NullIfEmpty(record?.Host),
        HealthPath = NullIfEmpty(record?.HealthPath),
        Health = record?.Health,
    });

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static int? PortOf(string fileName)
    {
        var rest = fileName.AsSpan(Prefix.Length);
        var dot = rest.IndexOf('.');
        return dot > 0 && int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : null;
    }
}
