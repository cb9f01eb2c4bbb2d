using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Up;

/// <summary><c>monitor up</c>, without Aspire.</summary>
public sealed class UpEngine : IFleetEngine
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
        // The default of 5 seconds is for collectors.
        var environment = new Dictionary<string, string?>(telemetry.Environment) { ["OTEL_BSP_SCHEDULE_DELAY"] = "500" };
        return Task.FromResult<IRunningAppHost>(new Running(RunningUp.StartProcess(environment, arguments.Common)));
    }

    private sealed class Running(AppHostProcess up) : IRunningAppHost
    {
        public string Output => up.Output;

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            up.Signal("INT");
            Assert.Equal(0, await up.ExitCodeAsync().WaitAsync(cancellationToken));
        }

        public ValueTask DisposeAsync() => up.DisposeAsync();
    }
}
