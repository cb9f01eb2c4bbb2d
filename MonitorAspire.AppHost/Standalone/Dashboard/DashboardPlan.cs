using System.Globalization;
using System.Security.Cryptography;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>Where a dashboard will be and who may look at it: settled before it runs, because the others must be told.</summary>
internal sealed record DashboardPlan
{
    /// <summary>Port that the Aspire dashboard has where nobody says otherwise.</summary>
    public const int DefaultPort = 18888;

    /// <summary>Host and port of the pages.</summary>
    public required Uri Frontend { get; init; }

    /// <summary>Port of OTLP over HTTP, unused here but always opened by the dashboard.</summary>
    public required int OtlpHttpPort { get; init; }

    /// <summary>Where the fleet sends its telemetry.</summary>
    public required OtlpTarget Otlp { get; init; }

    /// <summary>Where the supervisor tells the dashboard about the fleet, and takes its commands.</summary>
    public required ResourceServiceTarget Resources { get; init; }

    /// <summary>The token that lets a browser in.</summary>
    public required string BrowserToken { get; init; }

    /// <summary>The address with the token, for a person to open.</summary>
    public Uri LoginUrl => new(Frontend, $"/login?t={BrowserToken}");

    /// <summary>Makes a plan with free ports and fresh secrets.</summary>
    /// <param name="settings">The settings.</param>
    public static DashboardPlan For(AppHostSettings settings)
    {
        var taken = settings.Daemons.Select(d => d.Port).Append(settings.SupervisorPort).ToHashSet();
        var frontend = settings.Dashboard.Url ?? new Uri($"http://127.0.0.1:{Next(DefaultPort)}");
        taken.Add(frontend.Port);
        return new DashboardPlan
        {
            Frontend = frontend,
            Otlp = new OtlpTarget(new Uri($"http://127.0.0.1:{Next(4317)}"), Secret()),
            OtlpHttpPort = Next(4318),
            Resources = new ResourceServiceTarget(new Uri($"http://127.0.0.1:{Next(18890)}"), Secret()),
            BrowserToken = Secret(),
        };

        int Next(int preferred)
        {
            // Whoever gives the dashboard an address of its own runs several: at once, all would find the usual ports free.
            var port = settings.Dashboard.Url is null ? FreePorts.Prefer(preferred, taken) : FreePorts.Any(taken);
            taken.Add(port);
            return port;
        }
    }

    /// <summary>How the dashboard is run.</summary>
    /// <param name="tool">The tool that runs it.</param>
    public DaemonSpec Spec(DashboardTool tool)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            // Secrets go by the environment: command lines can be read by every user of the machine.
            ["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken",
            ["DASHBOARD__FRONTEND__BROWSERTOKEN"] = BrowserToken,
            ["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey",
            ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = Otlp.ApiKey,
            ["DASHBOARD__RESOURCESERVICECLIENT__URL"] = Resources.Url.ToString().TrimEnd('/'),
            ["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey",
            ["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = Resources.ApiKey,
            ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true",
            ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
            ["DASHBOARD__DEBUGSESSION__TELEMETRYOPTOUT"] = "true",
            // What `dotnet run` or a person set for the AppHost would win over the options below.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_ENVIRONMENT"] = null,
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = null,
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = null,
            ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = null,
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = null,
        };
        if (tool.Home is { } home)
        {
            environment["ASPIRE_HOME"] = home;
        }

        return new DaemonSpec
        {
            Name = "dashboard",
            Host = Frontend.Host.Trim('[', ']'),
            Port = Frontend.Port,
            HealthPath = "/health",
            Command = tool.Executable,
            Arguments =
            [
                "dashboard", "run", "--nologo", "--non-interactive",
                "--frontend-url", Frontend.ToString().TrimEnd('/'),
                "--otlp-grpc-url", Otlp.Endpoint.ToString().TrimEnd('/'),
                "--otlp-http-url", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{OtlpHttpPort}"),
            ],
            WorkingDirectory = Path.GetTempPath(),
            Environment = environment,
        };
    }

    private static string Secret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
