using MonitorAspire.ServiceDefaults;

namespace MonitorAspire.Supervisor.Settings;

/// <summary>The command line as configuration: a few options with short names, and every key of the sections that the supervisor reads.
/// Unlike in the framework's own reader, a misspelt option is an error.</summary>
internal sealed record CommandLine(IReadOnlyDictionary<string, string?> Values, string? ConfigFile, string? Print, bool IsCheck = false)
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
    private const string CheckOption = "--check";
    private static readonly string[] Sections = ["Monitors:", "Supervisor:", "Logging:"];

    /// <exception cref="ConfigurationException">An argument is unknown or given twice, or its value is missing.</exception>
    internal static CommandLine Read(IReadOnlyList<string> arguments)
    {
        IReadOnlyDictionary<string, string> options;
        try
        {
            options = OptionReader.Read(arguments, static option => option is ConfigOption or CheckOption || KeyOf(option) is not null);
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

        var isCheck = options.TryGetValue(CheckOption, out var file);
        if (options.TryGetValue(ConfigOption, out var config))
        {
            values[SupervisorSettings.ConfigFileKey] = Path.GetFullPath(config);
        }

        return isCheck && options.ContainsKey(ConfigOption)
            ? throw new ConfigurationException($"{CheckOption} and {ConfigOption} exclude each other")
            : new CommandLine(
                values,
                isCheck || options.TryGetValue(ConfigOption, out file) ? Path.GetFullPath(file!) : null,
                options.ContainsKey("--help") ? Usage.Help : options.ContainsKey("--version") ? ProductVersion.Text : null,
                isCheck);
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

internal static class Usage
{
    internal const string Help = """
        monitor-aspire-supervisor: starts, verifies and watches a fleet of daemons.

        Usage: monitor-aspire-supervisor [options]

        Options:
          --urls URL          URL of the REST API (default http://127.0.0.1:8760); or by parts:
          --port PORT         Port of the REST API (MONITOR_SUPERVISOR_PORT)
          --host HOST         Host of the REST API (MONITOR_SUPERVISOR_HOST)
          --state-dir DIR     Where PID files, locks, logs and the token are (MONITOR_STATE_DIR, default per user)
          --count N           How many daemons (default 4)
          --base-port PORT    Port of the first daemon (default 8768)
          --config FILE       A JSON file with a section "Monitors"
          --check FILE        Say what is wrong in such a file, and start nothing
          --Section:Key VALUE Any key of the sections Monitors, Supervisor and Logging, as in --Monitors:StopDaemonsOnShutdown false
          --version           Print the version
          -h, --help          Print this help

        A changed file is applied without a restart; only daemons that differ are touched. Supervisor:AlertWebhook is a URL that
        alerts are posted to; Supervisor:AllowedHosts are additional host names of the REST API.
        As environment variables the keys look like Monitors__Count=4. Of appsettings.json, --config, environment and command line
        the later takes precedence. The supervisor ends when the process MONITOR_PARENT_PID is gone, and leaves its daemons
        running. With MONITOR_RESOURCE_SERVICE_URL (a loopback URL) and MONITOR_RESOURCE_SERVICE_API_KEY the Aspire dashboard shows
        and operates the fleet.

        REST API: GET /api/daemons, /api/daemons/NAME, /api/events, /api/fleet/summary, /health, /alive, /openapi/v1.json; with the
        token in DIR/supervisor-PORT.token also GET /api/daemons/NAME/logs|diagnosis|definition, POST /api/daemons/NAME/start|stop|restart|reset,
        PUT and DELETE /api/daemons/NAME.

        Exit codes: 0 done; 1 failure; 2 configuration or command line; 4 port in use; 7 no permission; 8 another supervisor has
        this port in this state directory, or looks after one of these daemons.
        """;
}
