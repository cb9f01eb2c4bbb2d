using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Supervision.Identity;

/// <summary>What a state directory knows of daemons. Reads only.</summary>
public static class KnownDaemons
{
    private const string Prefix = "monitor-daemon-";

    /// <summary>The ports that have a file in a state directory, in order. None where there is no such directory.</summary>
    /// <param name="stateDirectory">Absolute path.</param>
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
    /// <param name="stateDirectory">Absolute path.</param>
    /// <param name="port">The port.</param>
    public static InstanceRecord? Record(string stateDirectory, int port) => InstanceRecord.Read(new DaemonFiles(stateDirectory, port).InstanceFile);

    /// <summary>A specification as far as the record of the port's instance gives it, with the defaults for the rest.</summary>
    /// <param name="port">The port.</param>
    /// <param name="record">The record, where there is one.</param>
    public static DaemonSpec Spec(int port, InstanceRecord? record) => new()
    {
        Port = port,
        Name = string.IsNullOrEmpty(record?.Name) ? DaemonSpec.DefaultName(port) : record.Name,
        Host = string.IsNullOrEmpty(record?.Host) ? "127.0.0.1" : record.Host,
        HealthPath = string.IsNullOrEmpty(record?.HealthPath) ? "/health" : record.HealthPath,
    };

    private static int? PortOf(string fileName)
    {
        var rest = fileName.AsSpan(Prefix.Length);
        var dot = rest.IndexOf('.');
        return dot > 0 && int.TryParse(rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535
            ? port
            : null;
    }
}
