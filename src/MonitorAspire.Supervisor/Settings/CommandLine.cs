using MonitorAspire.ServiceDefaults;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>The command line as configuration: a few options with short names, and every key of the sections that the supervisor reads.
/// Unlike in the framework's own reader, a misspelt option is an error.</summary>
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

    private const string ConfigOption = "--config";
    private static readonly string[] Sections = ["Monitors:", "Supervisor:", "Logging:"];

    /// <exception cref="ConfigurationException">An argument is unknown or given twice, or its value is missing.</exception>
    internal static CommandLine Read(IReadOnlyList<string> arguments)
    {
        IReadOnlyDictionary<string, string> options;
        try
        {
            options = OptionReader.Read(arguments, static option => option == ConfigOption || KeyOf(option) is not null);
        }
        catch (FormatException e)
        {
            throw new ConfigurationException(e.Message);
        }

        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (option, value) in options)
        {
            if (KeyOf(option) is { } key)
            {
                values[key] = value;
            }
        }

        return new CommandLine(
            values,
            options.TryGetValue(ConfigOption, out var file) ? Path.GetFullPath(file) : null,
            options.ContainsKey("--help") ? Usage.Help : options.ContainsKey("--version") ? ProductVersion.Text : null);
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
