using System.Globalization;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Daemon.Settings;

/// <summary>The settings of one daemon: its command line, and the environment for what that leaves open.</summary>
internal sealed record DaemonSettings(string Name, string Host, int Port, string StateDirectory)
{
    /// <summary>Whether a name on the command line is an option of the daemon.</summary>
    internal static bool IsOption(string name) => name is "--port" or "--host" or "--state-dir";

    /// <exception cref="FormatException">A value is wrong; the message names the option or the variable.</exception>
    internal static DaemonSettings Read(IReadOnlyDictionary<string, string> options, Func<string, string?> environment)
    {
        var (portText, portSource) = Pick("--port", "MONITOR_PORT");
        var port = DaemonSpec.DefaultPort;
        if (portText is not null && (!int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            throw new FormatException($"{portSource} '{portText}' is not a port (1-65535)");
        }

        var (host, hostSource) = Pick("--host", "MONITOR_HOST");
        host ??= DaemonSpec.DefaultHost;
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown && host is not ("*" or "+"))
        {
            throw new FormatException($"{hostSource} '{host}' is not a host name or address");
        }

        var (directory, directorySource) = Pick("--state-dir", Supervision.Files.StateDirectory.EnvironmentVariable);
        try
        {
            var name = NullIfBlank(environment("MONITOR_DAEMON_NAME")) ?? DaemonSpec.DefaultName(port);
            return new DaemonSettings(name, host, port, Supervision.Files.StateDirectory.Resolve(directory));
        }
        catch (Exception e) when (e is ArgumentException or IOException or NotSupportedException)
        {
            throw new FormatException($"{directorySource} '{directory}' is not a path: {e.Message}", e);
        }

        // An empty option is an error. An empty variable means that it is not set, as in a shell.
        (string? Value, string Source) Pick(string option, string variable)
            => options.TryGetValue(option, out var value) ? (value, option) : (NullIfBlank(environment(variable)), variable);
    }

    private static string? NullIfBlank(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}
