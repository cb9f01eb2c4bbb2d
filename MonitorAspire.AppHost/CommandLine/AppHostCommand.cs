using System.CommandLine;
using System.Globalization;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.AppHost.CommandLine;

/// <summary>The command line, the same for both engines. What it does not say is read from the configuration.</summary>
internal static class AppHostCommand
{
    private static readonly Option<int?> Count = Number("--count", "N", "How many daemons, on consecutive ports (Monitors:Count, default 4)");
    private static readonly Option<int?> BasePort = Number("--base-port", "PORT", "Port of the first daemon (Monitors:BasePort, default 8768)");
    private static readonly Option<string?> StateDir = new("--state-dir") { Description = "Where PID files, locks and logs are (Monitors:StateDirectory, MONITOR_STATE_DIR, default per user)", HelpName = "DIR" };
    private static readonly Option<int?> SupervisorPort = Number("--supervisor-port", "PORT", "Port of the supervisor on 127.0.0.1 (AppHost:SupervisorPort, default 8760)");
    private static readonly Option<string?> Dashboard = new("--dashboard") { Description = "auto, off, or the loopback address to serve it at (AppHost:Dashboard, default auto)", HelpName = "auto|off|URL" };

    /// <summary>Reads the command line and the configuration.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="allowOthers">Whether it may have options that are somebody else's, as it may under Aspire.</param>
    /// <param name="output">For what a person wants to know.</param>
    /// <param name="error">For what is wrong: one line.</param>
    /// <param name="exitCode">The exit code, where there are no settings.</param>
    /// <returns>The settings; <see langword="null"/> where the command line is answered already: help, or something that is wrong.</returns>
    public static AppHostSettings? Read(string[] args, bool allowOthers, TextWriter output, TextWriter error, out int exitCode)
    {
        AppHostSettings? settings = null;
        var root = new RootCommand("Runs the fleet of monitor daemons, their supervisor and the dashboard until Ctrl-C.")
        {
            Count, BasePort, StateDir, SupervisorPort, Dashboard,
        };
        root.TreatUnmatchedTokensAsErrors = !allowOthers;
        root.SetAction(parsed =>
        {
            settings = SettingsReader.Read(Given(parsed), out var problem);
            return settings is null ? Refuse(problem!) : 0;
        });

        var result = root.Parse(args);
        exitCode = result.Errors.Count > 0
            ? Refuse($"{result.Errors[0].Message} (--help lists the options)")
            : result.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return settings;

        int Refuse(string problem)
        {
            error.WriteLine($"MonitorAspire.AppHost: {problem}");
            return ExitCodes.Usage;
        }
    }

    private static Dictionary<string, string?> Given(ParseResult parsed)
    {
        var given = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Give("Monitors:Count", Text(parsed.GetValue(Count)));
        Give("Monitors:BasePort", Text(parsed.GetValue(BasePort)));
        Give("Monitors:StateDirectory", parsed.GetValue(StateDir));
        Give("AppHost:SupervisorPort", Text(parsed.GetValue(SupervisorPort)));
        Give("AppHost:Dashboard", parsed.GetValue(Dashboard));
        return given;

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
