using System.Globalization;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Cli;

/// <summary>What the state directory knows of daemons. Reads only.</summary>
internal static class KnownDaemons
{
    private const string Prefix = "monitor-daemon-";

    /// <summary>The name of a daemon that was given none.</summary>
    internal static string DefaultName(int port) => string.Create(CultureInfo.InvariantCulture, $"monitor-{port}");

    /// <summary>The ports that have a file in the state directory, in order.</summary>
    internal static IReadOnlyList<int> Ports(string stateDirectory)
    {
        if (!Directory.Exists(stateDirectory))
        {
            return [];
        }

        return [.. Directory.EnumerateFileSystemEntries(stateDirectory, Prefix + "*")
            .Select(path => Path.GetFileName(path)[Prefix.Length..])
            .Where(rest => rest.Contains('.', StringComparison.Ordinal))
            .Select(rest => int.TryParse(rest[..rest.IndexOf('.', StringComparison.Ordinal)], NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : 0)
            .Where(port => port is >= 1 and <= 65535)
            .Distinct()
            .Order()];
    }

    /// <summary>The record of the port's latest instance, or <see langword="null"/>.</summary>
    internal static InstanceRecord? Record(string stateDirectory, int port) => InstanceRecord.Read(new DaemonFiles(stateDirectory, port).InstanceFile);

    /// <summary>A specification as far as the record of the port's instance gives it.</summary>
    internal static DaemonSpec Spec(int port, InstanceRecord? record) => new()
    {
        Port = port,
        Name = string.IsNullOrEmpty(record?.Name) ? DefaultName(port) : record.Name,
        Host = string.IsNullOrEmpty(record?.Host) ? "127.0.0.1" : record.Host,
        HealthPath = string.IsNullOrEmpty(record?.HealthPath) ? "/health" : record.HealthPath,
    };
}
