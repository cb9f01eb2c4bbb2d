using System.Globalization;
using MonitorAspire.AppHost.Standalone.Dashboard;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.AppHost.Standalone.Children;

/// <summary>How the supervisor is run.</summary>
internal static class SupervisorSpec
{
    /// <summary>The specification.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="dashboard">The dashboard, or <see langword="null"/> to leave telemetry as the environment says.</param>
    public static DaemonSpec For(AppHostSettings settings, DashboardPlan? dashboard)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            // `dotnet run` gave these to the AppHost; the supervisor would listen there.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_HTTP_PORTS"] = null,
            ["ASPNETCORE_HTTPS_PORTS"] = null,
            // An AppHost that is killed with SIGKILL can stop nobody: then the supervisor stops by itself.
            ["MONITOR_PARENT_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        };

        foreach (var (key, value) in settings.Monitors)
        {
            environment[$"{MonitorsOptions.Section}__{key.Replace(":", "__", StringComparison.Ordinal)}"] = value;
        }

        if (dashboard is not null)
        {
            foreach (var (key, value) in dashboard.Otlp.Environment("monitor-supervisor").Concat(dashboard.Resources.Environment))
            {
                environment[key] = value;
            }
        }

        return new DaemonSpec
        {
            Name = "supervisor",
            Port = settings.SupervisorPort,
            Command = Executable,
            Arguments = ["--host", "127.0.0.1", "--port", settings.SupervisorPort.ToString(CultureInfo.InvariantCulture)],
            WorkingDirectory = AppContext.BaseDirectory,
            Environment = environment,
        };
    }

    private static string Executable => Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "monitor-aspire-supervisor.exe" : "monitor-aspire-supervisor");
}
