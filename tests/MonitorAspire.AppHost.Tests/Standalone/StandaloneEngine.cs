using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Standalone;

/// <summary>The AppHost's own program, without Aspire.</summary>
public sealed class StandaloneEngine : IFleetEngine
{
    /// <inheritdoc />
    public static IReadOnlyCollection<string> StartSpans { get; } =
    [
        "monitor.startup", "monitor.startup.preflight", "monitor.startup.spawn", "monitor.startup.pid_file", "monitor.startup.port_bound",
        "monitor.startup.health", "monitor.daemon.claim", "monitor.daemon.bind", "monitor.daemon.ready",
    ];

    /// <inheritdoc />
    public static string RootSpan => "monitor.startup";

    /// <inheritdoc />
    public static Task<IRunningAppHost> StartAsync(FleetArguments arguments, OtlpReceiver telemetry, CancellationToken cancellationToken)
    {
        // The exporter's own five seconds are made for collectors.
        var environment = new Dictionary<string, string?>(telemetry.Environment) { ["OTEL_BSP_SCHEDULE_DELAY"] = "500" };
        return Task.FromResult<IRunningAppHost>(new Running(AppHostProcess.Start(environment, arguments.Arguments())));
    }

    private sealed class Running(AppHostProcess host) : IRunningAppHost
    {
        public string Output => host.Output;

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            host.Signal("INT");
            Assert.Equal(0, await host.ExitCodeAsync().WaitAsync(cancellationToken));
        }

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
