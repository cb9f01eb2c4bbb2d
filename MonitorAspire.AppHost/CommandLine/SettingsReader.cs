using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;

namespace MonitorAspire.AppHost.CommandLine;

/// <summary>
/// Reads the settings in the usual order, the later over the earlier: <c>appsettings.json</c>,
/// <c>appsettings.{environment}.json</c>, environment variables, command line.
/// </summary>
internal static class SettingsReader
{
    /// <summary>The settings, or <see langword="null"/> and one line that says what is wrong.</summary>
    /// <param name="given">Keys and values from the command line.</param>
    /// <param name="problem">What is wrong.</param>
    public static AppHostSettings? Read(IReadOnlyDictionary<string, string?> given, out string? problem)
    {
        try
        {
            var environment = Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? "Production";
            var configuration = new ConfigurationBuilder()
                .SetBasePath(AppContext.BaseDirectory)
                .AddJsonFile("appsettings.json", optional: true)
                .AddJsonFile($"appsettings.{environment}.json", optional: true)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(given)
                .Build();
            return Check(configuration, given, out problem);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or InvalidOperationException)
        {
            problem = (e.InnerException is { } inner && !e.Message.Contains(inner.Message, StringComparison.Ordinal)
                ? $"{e.Message} {inner.Message}" : e.Message).ReplaceLineEndings(" ");
            return null;
        }
    }

    private static AppHostSettings? Check(IConfigurationRoot configuration, IReadOnlyDictionary<string, string?> given, out string? problem)
    {
        var counted = given.ContainsKey("Monitors:Count") || given.ContainsKey("Monitors:BasePort");
        var section = configuration.GetSection(MonitorsOptions.Section);
        var options = section.Get<MonitorsOptions>() ?? new MonitorsOptions();
        if (counted && options.Daemons.Count > 0)
        {
            problem = "the configuration lists the daemons (Monitors:Daemons); --count and --base-port do not go together with a list";
            return null;
        }

        var daemons = FleetTopology.Resolve(options, out var errors);
        var port = configuration.GetValue("AppHost:SupervisorPort", 8760);
        var dashboard = DashboardChoice.Parse(configuration["AppHost:Dashboard"], out var dashboardProblem);

        problem = errors.Count > 0 ? errors[0]
            : options.StartTimeout <= TimeSpan.Zero ? $"Monitors:StartTimeout: {options.StartTimeout} is not a time to wait"
            : options.StopGracePeriod < TimeSpan.Zero ? $"Monitors:StopGracePeriod: {options.StopGracePeriod} is not a time to wait"
            : port is < 1 or > 65535 ? $"--supervisor-port {port} is out of range (1-65535)"
            : daemons.FirstOrDefault(d => d.Port == port) is { } clash ? $"port {port} is given to the supervisor and to '{clash.Name}'; each needs a port of its own"
            : dashboard?.Url is { } url && (url.Port == port || daemons.Any(d => d.Port == url.Port)) ? $"port {url.Port} is given to the dashboard and to the fleet; each needs a port of its own"
            : dashboardProblem;
        if (problem is not null)
        {
            return null;
        }

        var stateDirectory = StateDirectory.Resolve(options.StateDirectory);
        return new AppHostSettings
        {
            Given = given,
            Daemons = daemons,
            Monitors = HandOn(section, stateDirectory),
            StateDirectory = stateDirectory,
            SupervisorPort = port,
            StartTimeout = options.StartTimeout,
            StopGracePeriod = options.StopGracePeriod,
            Dashboard = dashboard!,
        };
    }

    private static Dictionary<string, string?> HandOn(IConfigurationSection section, string stateDirectory)
    {
        var monitors = section.AsEnumerable(makePathsRelative: true)
            .Where(pair => pair.Value is not null && pair.Key.Length > 0)
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);

        // The absolute path, because the supervisor has another working directory.
        monitors["StateDirectory"] = stateDirectory;
        return monitors;
    }
}
