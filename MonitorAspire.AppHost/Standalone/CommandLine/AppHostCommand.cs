using System.CommandLine;
using System.Globalization;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.Standalone.CommandLine;

/// <summary>The command line of the standalone engine. What it does not say is read from the configuration.</summary>
internal static class AppHostCommand
{
    private static readonly Option<int?> Count = Number("--count", "N", "How many daemons, on consecutive ports (Monitors:Count, default 4)");
    private static readonly Option<int?> BasePort = Number("--base-port", "PORT", "Port of the first daemon (Monitors:BasePort, default 8768)");
    private static readonly Option<string?> StateDir = new("--state-dir") { Description = "Where PID files, locks and logs are (Monitors:StateDirectory, MONITOR_STATE_DIR, default per user)", HelpName = "DIR" };
    private static readonly Option<int?> SupervisorPort = Number("--supervisor-port", "PORT", "Port of the supervisor on 127.0.0.1 (AppHost:SupervisorPort, default 8760)");
    private static readonly Option<string?> Dashboard = new("--dashboard") { Description = "auto, off, or the loopback address to serve it at (AppHost:Dashboard, default auto)", HelpName = "auto|off|URL" };

    /// <summary>Runs the AppHost until it is told to stop.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="output">For what a person wants to know.</param>
    /// <param name="error">For what went wrong.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> InvokeAsync(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Runs the fleet of monitor daemons, their supervisor and the dashboard until Ctrl-C.")
        {
            Count, BasePort, StateDir, SupervisorPort, Dashboard,
        };

        root.SetAction((parsed, _) => RunAsync(parsed, output, error));

        var result = root.Parse(args);
        if (result.Errors.Count > 0)
        {
            await error.WriteLineAsync($"MonitorAspire.AppHost: {result.Errors[0].Message} (--help lists the options)");
            return ExitCodes.Usage;
        }

        // Signals are ours: the library would end the process while children still run.
        return await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null });
    }

    private static async Task<int> RunAsync(ParseResult parsed, TextWriter output, TextWriter error)
    {
        var given = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Give("Monitors:Count", Text(parsed.GetValue(Count)));
        Give("Monitors:BasePort", Text(parsed.GetValue(BasePort)));
        Give("Monitors:StateDirectory", parsed.GetValue(StateDir));
        Give("AppHost:SupervisorPort", Text(parsed.GetValue(SupervisorPort)));
        Give("AppHost:Dashboard", parsed.GetValue(Dashboard));

        if (SettingsReader.Read(given, out var problem) is not { } settings)
        {
            await error.WriteLineAsync($"MonitorAspire.AppHost: {problem}");
            return ExitCodes.Usage;
        }

        return await new FleetHost(settings, output, error).RunAsync();

        void Give(string key, string? value)
        {
            if (value is not null)
            {
                given[key] = value;
            }
        }
    }

    private static Option<int?> Number(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }

            result.AddError($"{name} '{result.Tokens[0].Value}' is not a number");
            return null;
        },
    };

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
