using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Aspire;

/// <summary>The AppHost under Aspire's orchestrator.</summary>
public sealed class AspireEngine : IFleetEngine
{
    /// <inheritdoc />
    public static IReadOnlyCollection<string> StartSpans { get; } =
    [
        "monitor.launch", "monitor.startup", "monitor.startup.preflight", "monitor.startup.spawn", "monitor.startup.pid_file",
        "monitor.startup.port_bound", "monitor.startup.health", "monitor.daemon.claim", "monitor.daemon.bind", "monitor.daemon.ready",
    ];

    /// <inheritdoc />
    public static string RootSpan => "monitor.apphost.start";

    /// <inheritdoc />
    public static async Task<IRunningAppHost> StartAsync(FleetArguments arguments, OtlpReceiver telemetry, CancellationToken cancellationToken)
    {
        var log = new CapturedLog();

        // Aspire sends telemetry to the dashboard's endpoint. The test listens there instead.
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.MonitorAspire_AppHost>(
            [.. arguments.Common, "--Monitors:StartTimeout", FleetArguments.StartTimeout, "--ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", telemetry.GrpcUrl.ToString().TrimEnd('/')], cancellationToken);
        builder.Services.AddLogging(logging => logging
            .ClearProviders()
            .AddProvider(log)
            // It logs a stack trace for each check of a daemon that does not answer yet.
            .AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None));
        var app = await builder.BuildAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
            return new Running(app, log);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    private sealed class Running(DistributedApplication app, CapturedLog log) : IRunningAppHost
    {
        public string Output => log.Text;

        public Task StopAsync(CancellationToken cancellationToken) => app.StopAsync(cancellationToken);

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
