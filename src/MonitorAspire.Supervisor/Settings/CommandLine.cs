using MonitorAspire.ServiceDefaults;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>
/// The command line as configuration: a few options with short names, and every key of the sections that the supervisor reads. Unlike in
/// the framework's own reader, a misspelt option is an error.
/// </summary>
internal sealed record CommandLine(IReadOnlyDictionary<string, string?> Values, string? ConfigFile, string? Print)
{
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["--urls"] = SupervisorSettings.UrlsKey,
        ["--port"] = SupervisorSettings.PortKey,
        ["--host"] = SupervisorSettings.HostKey,
        ["--state-dir"] = "Monitors:StateDirectory",
        ["--count"] = "Monitors:Count",
        ["--base-port"] = "Monitors:BasePort",
    };

    private static readonly string[] Sections = ["Monitors:", "Supervisor:", "Logging:"];

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ConfigurationException">An argument is unknown, or its value is missing.</exception>
    internal static CommandLine Read(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        string? configFile = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument is "--help" or "-h" or "-?")
            {
                return new CommandLine(values, null, Usage.Help);
            }

            if (argument == "--version")
            {
                return new CommandLine(values, null, ProductVersion.Text);
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var option = equals < 0 ? argument : argument[..equals];
            var key = option == "--config" ? option : KeyOf(option) ?? throw new ConfigurationException($"'{argument}' is not an option (see --help)");
            var value = equals >= 0 ? argument[(equals + 1)..]
                : ++i < arguments.Count ? arguments[i]
                : throw new ConfigurationException($"{option} needs a value");
            if (key == "--config")
            {
                configFile = Path.GetFullPath(value);
            }
            else
            {
                values[key] = value;
            }
        }

        return new CommandLine(values, configFile, null);
    }

    private static string? KeyOf(string option)
    {
        if (Keys.TryGetValue(option, out var key))
        {
            return key;
        }

        return option.StartsWith("--", StringComparison.Ordinal) && Sections.Any(s => option.AsSpan(2).StartsWith(s, StringComparison.OrdinalIgnoreCase))
            ? option[2..]
            : null;
    }
}
