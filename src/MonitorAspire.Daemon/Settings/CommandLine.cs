using System.Globalization;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.Daemon.Settings;

/// <summary>
/// The command line and, for what it does not say, the environment. Three options are read by hand, because a command line library
/// would cost a tenth of the whole start.
/// </summary>
internal static class CommandLine
{
    /// <summary>Port where no option gives one.</summary>
    internal const string PortVariable = "MONITOR_PORT";

    /// <summary>Host where no option gives one.</summary>
    internal const string HostVariable = "MONITOR_HOST";

    /// <summary>The daemon's name in its fleet.</summary>
    internal const string NameVariable = "MONITOR_DAEMON_NAME";

    /// <summary>Reads the arguments.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="environment">Looks up a variable of the environment.</param>
    internal static CommandLineResult Read(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var (option, value) = Split(arguments[i]);
            switch (option)
            {
                case "--help" or "-h" or "-?":
                    return new CommandLineResult.Print(Usage.Help);
                case "--version":
                    return new CommandLineResult.Print(ProductVersion.Text);
                case "--port" or "--host" or "--state-dir":
                    if (value is null && ++i == arguments.Count)
                    {
                        return Wrong($"{option} needs a value");
                    }

                    if (!given.TryAdd(option, value ?? arguments[i]))
                    {
                        return Wrong($"{option} is given twice");
                    }

                    break;
                default:
                    return Wrong($"'{arguments[i]}' is not an option of this daemon (see --help)");
            }
        }

        return Resolve(given, environment);
    }

    private static CommandLineResult Resolve(Dictionary<string, string> given, Func<string, string?> environment)
    {
        var (portText, portSource) = Pick("--port", PortVariable);
        var port = DaemonSpec.DefaultPort;
        if (portText is not null && (!int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return Wrong($"{portSource} '{portText}' is not a port (1-65535)");
        }

        var (host, hostSource) = Pick("--host", HostVariable);
        host ??= "127.0.0.1";
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown && host is not ("*" or "+"))
        {
            return Wrong($"{hostSource} '{host}' is not a host name or address");
        }

        string stateDirectory;
        var (directory, directorySource) = Pick("--state-dir", StateDirectory.EnvironmentVariable);
        try
        {
            stateDirectory = StateDirectory.Resolve(directory);
        }
        catch (Exception e) when (e is ArgumentException or IOException or NotSupportedException)
        {
            return Wrong($"{directorySource} '{directory}' is not a path: {e.Message}");
        }

        var name = NullIfBlank(environment(NameVariable)) ?? string.Create(CultureInfo.InvariantCulture, $"monitor-{port}");
        return new CommandLineResult.Run(new DaemonSettings(name, host, port, stateDirectory));

        // An empty option is a mistake of whoever wrote the command line; an empty variable is how a shell unsets one.
        (string? Value, string Source) Pick(string option, string variable)
            => given.TryGetValue(option, out var value) ? (value, option) : (NullIfBlank(environment(variable)), variable);
    }

    private static CommandLineResult.Invalid Wrong(string message) => new(message);

    private static (string Option, string? Value) Split(string argument)
    {
        var equals = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) : -1;
        return equals < 0 ? (argument, null) : (argument[..equals], argument[(equals + 1)..]);
    }

    private static string? NullIfBlank(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;
}

/// <summary>What the command line says to do.</summary>
internal abstract record CommandLineResult
{
    /// <summary>Serve.</summary>
    internal sealed record Run(DaemonSettings Settings) : CommandLineResult;

    /// <summary>Print and be done.</summary>
    internal sealed record Print(string Text) : CommandLineResult;

    /// <summary>It cannot be understood; one line says why.</summary>
    internal sealed record Invalid(string Message) : CommandLineResult;
}
