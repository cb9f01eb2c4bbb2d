using System.Globalization;

namespace MonitorAspire.Supervision.Files;

/// <summary>
/// The paths of one daemon's files. They depend only on state directory and port, not on the working directory. Creates nothing.
/// </summary>
/// <param name="StateDirectory">Absolute path of the state directory.</param>
/// <param name="Port">The port.</param>
internal readonly record struct DaemonFiles(string StateDirectory, int Port)
{
    private string Named(string extension) => Path.Combine(StateDirectory, BaseName(Port) + extension);

    private static string BaseName(int port) => string.Create(CultureInfo.InvariantCulture, $"monitor-daemon-{port}.");

    /// <summary>The PID in decimal and a newline, nothing else.</summary>
    public string PidFile => Named("pid");

    /// <summary>Empty; held with an exclusive advisory lock for the whole life of the instance; never deleted.</summary>
    public string LockFile => Named("lock");

    /// <summary>The instance record as JSON. Adoption and diagnosis read it.</summary>
    public string InstanceFile => Named("instance.json");

    /// <summary>The daemon's stdout and stderr.</summary>
    public string LogFile => Named("log");

    /// <summary>Replaces <c>{port}</c>, <c>{host}</c>, <c>{pidfile}</c> and <c>{statedir}</c> by the values of this daemon.</summary>
    /// <param name="text">An argument, or the value of a variable.</param>
    /// <param name="host">The daemon's host.</param>
    public string FillIn(string text, string host)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text
            .Replace("{port}", Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{host}", host, StringComparison.Ordinal)
            .Replace("{pidfile}", PidFile, StringComparison.Ordinal)
            .Replace("{statedir}", StateDirectory, StringComparison.Ordinal);
    }

    /// <summary>Whether a path belongs to the port's daemon, rotated and temporary ones included.</summary>
    /// <param name="port">The port.</param>
    /// <param name="path">The path, or <see langword="null"/>.</param>
    internal static bool IsOf(int port, string? path) => path is not null && Path.GetFileName(path).StartsWith(BaseName(port), StringComparison.Ordinal);

    /// <summary>PID file of the old layout, which had no port in the name.</summary>
    /// <param name="stateDirectory">Absolute path of the state directory.</param>
    public static string LegacyPidFile(string stateDirectory) => Path.Combine(stateDirectory, "monitor-daemon.pid");

    /// <summary>Log file of the old layout, which had no port in the name.</summary>
    /// <param name="stateDirectory">Absolute path of the state directory.</param>
    public static string LegacyLogFile(string stateDirectory) => Path.Combine(stateDirectory, "monitor-daemon.log");
}
