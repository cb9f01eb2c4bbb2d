using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace MonitorAspire.Cli.Up.Dashboard;

/// <summary>Addresses and secrets of a dashboard. They are chosen before it is started, because the supervisor needs them too. Secrets are
/// passed in the environment: every user of the machine can read command lines.</summary>
internal sealed record DashboardPlan
{
    private const int DefaultPort = 18888;

    private readonly Uri _otlp;
    private readonly Uri _resources;
    private readonly int _otlpHttpPort;
    private readonly string _browserToken = Secret();
    private readonly string _otlpKey = Secret();
    private readonly string _resourcesKey = Secret();

    /// <summary>Chooses free ports, other than the reserved ones, and new secrets. The default is port 18888 or, if that is taken, a free one.</summary>
    internal DashboardPlan(Uri? address, IEnumerable<int> reserved)
    {
        var taken = reserved.ToHashSet();
        Frontend = address ?? Local(DefaultPort);
        taken.Add(Frontend.Port);
        _otlp = Local(4317);
        _otlpHttpPort = Local(4318).Port;
        _resources = Local(18890);

        Uri Local(int preferred)
        {
            // Several dashboards that start at the same time would all find the usual ports free, so one with its own address gets others.
            var port = address is null && !taken.Contains(preferred) && !HasListener(preferred) ? preferred : FreePort(taken);
            taken.Add(port);
            return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        }
    }

    internal Uri Frontend { get; }

    /// <summary>The address with the token that lets a browser in.</summary>
    internal Uri LoginUrl => new(Frontend, $"/login?t={_browserToken}");

    /// <summary>Variables for the supervisor: it sends its telemetry to the dashboard, and serves the fleet as resources. Its daemons inherit the former.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> SupervisorEnvironment =>
    [
        new("OTEL_EXPORTER_OTLP_ENDPOINT", Text(_otlp)),
        new("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        new("OTEL_EXPORTER_OTLP_HEADERS", $"x-otlp-api-key={_otlpKey}"),
        new("OTEL_SERVICE_NAME", "monitor-supervisor"),
        // The dashboard finds the telemetry of a resource by name and instance.
        new("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=monitor-supervisor"),
        // The dashboard may not answer yet.
        new("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory"),
        // A person is waiting; the default of 5 to 60 seconds is for collectors.
        new("OTEL_BSP_SCHEDULE_DELAY", "1000"),
        new("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
        new("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
        new("MONITOR_RESOURCE_SERVICE_URL", Text(_resources)),
        new("MONITOR_RESOURCE_SERVICE_API_KEY", _resourcesKey),
    ];

    internal DaemonSpec Spec(AspireTool tool) => new()
    {
        Name = "dashboard",
        Host = Frontend.Host.Trim('[', ']'),
        Port = Frontend.Port,
        Command = tool.Command,
        Arguments =
        [
            .. tool.Arguments, "dashboard", "run", "--nologo", "--non-interactive",
            "--frontend-url", Text(Frontend),
            "--otlp-grpc-url", Text(_otlp),
            "--otlp-http-url", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_otlpHttpPort}"),
        ],
        WorkingDirectory = tool.WorkingDirectory,
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken",
            ["DASHBOARD__FRONTEND__BROWSERTOKEN"] = _browserToken,
            ["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey",
            ["DASHBOARD__OTLP__PRIMARYAPIKEY"] = _otlpKey,
            ["DASHBOARD__RESOURCESERVICECLIENT__URL"] = Text(_resources),
            ["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey",
            ["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = _resourcesKey,
            ["ASPIRE_CLI_TELEMETRY_OPTOUT"] = "true",
            ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
            ["DASHBOARD__DEBUGSESSION__TELEMETRYOPTOUT"] = "true",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "true",
            ["DOTNET_NOLOGO"] = "true",
            // These would win over the options above.
            ["ASPNETCORE_URLS"] = null,
            ["ASPNETCORE_ENVIRONMENT"] = null,
            ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = null,
            ["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = null,
            ["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = null,
            ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = null,
        },
    };

    private static string Text(Uri address) => address.ToString().TrimEnd('/');

    private static string Secret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>A port from the kernel, which does not give the same one to the next process at once.</summary>
    private static int FreePort(HashSet<int> taken)
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            if (!taken.Contains(port))
            {
                return port;
            }
        }
    }

    private static bool HasListener(int port)
        => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(endpoint => endpoint.Port == port);
}
