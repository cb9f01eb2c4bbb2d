using System.Globalization;

namespace MonitorAspire.Supervision.Files;

/// <summary>The paths of one daemon's files. They depend only on state directory and port, not on the working directory. Creates nothing.</summary>
internal readonly record struct DaemonFiles(string StateDirectory, int Port)
{
    private string Named(string extension) => Path.Combine(StateDirectory, BaseName(Port) + extension);

    private static string BaseName(int port) => string.Create(CultureInfo.InvariantCulture, $"monitor-daemon-{port}.");

    /// <summary>The PID in decimal and a newline, nothing else.</summary>
    public string PidFile => Named("pid");

    /// <summary>Empty; held with an exclusive advisory lock for the whole life of the instance; deleted only by its holder.</summary>
    public string LockFile => Named("lock");

    /// <summary>The instance record as JSON. Adoption and diagnosis read it.</summary>
    public string InstanceFile => Named("instance.json");

    /// <summary>What the last start from the command line asked for. It survives the instance.</summary>
    public string DefinitionFile => Named("definition.json");

    /// <summary>The daemon's stdout and stderr.</summary>
    public string LogFile => Named("log");

    /// <summary>The socket that a daemon with the health check <c>Notify</c> sends its state to.</summary>
    public string NotifySocket => Named("notify");

    /// <summary>Replaces the <see cref="Placeholders"/> by the values of this daemon.</summary>
    public string FillIn(string text, string host)
    {
        var files = this;
        return Placeholders.Fill(text, name => name switch
        {
            "port" => files.Port.ToString(CultureInfo.InvariantCulture),
            "host" => host,
            Placeholders.PidFile => files.PidFile,
            _ => files.StateDirectory,
        });
    }

    /// <summary>Whether a path belongs to the port's daemon, rotated and temporary ones included.</summary>
    internal static bool IsOf(int port, string? path) => path is not null && Path.GetFileName(path).StartsWith(BaseName(port), StringComparison.Ordinal);

    /// <summary>Whether a path, as UTF-8, is the lock file of a daemon.</summary>
    internal static bool IsLockFile(ReadOnlySpan<byte> path) =>
        path.EndsWith(".lock"u8) && path[(path.LastIndexOf((byte)'/') + 1)..].StartsWith("monitor-daemon-"u8);

    /// <summary>PID file of the old layout, which had no port in the name.</summary>
    public static string LegacyPidFile(string stateDirectory) => Path.Combine(stateDirectory, "monitor-daemon.pid");

    /// <summary>Log file of the old layout, which had no port in the name.</summary>
    public static string LegacyLogFile(string stateDirectory) => Path.Combine(stateDirectory, "monitor-daemon.log");
}
