using System.Globalization;
using MonitorAspire.Supervisor.Tests.Hosting;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.Supervisor.Tests.Telemetry;

public sealed class StartupTraceTests : IDisposable
{
    private static readonly string[] Stages =
        ["monitor.startup.preflight", "monitor.startup.spawn", "monitor.startup.pid_file", "monitor.startup.port_bound", "monitor.startup.health"];

    private static readonly string[] Phases = ["monitor.daemon.claim", "monitor.daemon.bind", "monitor.daemon.ready"];

    private readonly TemporaryDirectory _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Start_Collected_IsOneTraceOfSupervisorAndDaemon()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are Unix's");
        await using var receiver = await OtlpReceiver.StartAsync();
        var port = FreePort.Next();
        await using (var supervisor = SupervisorProcess.Start(
            FreePort.Next(),
            _state.Path,
            ["--count", "1", "--base-port", port.ToString(CultureInfo.InvariantCulture)],
            [.. receiver.Environment.Select(e => (e.Key, e.Value))]))
        {
            await supervisor.RunningAsync(1);

            // Frequent requests are not traced: neither the test's nor the supervisor's probes.
            await supervisor.GetAsync("/health");
            await supervisor.GetAsync("/api/daemons");
            await supervisor.SignalAsync("TERM");
            Assert.Equal(0, await supervisor.ExitAsync());
        }

        var start = Assert.Single(receiver.Spans, s => s.Kind == "monitor.startup");
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"monitor.startup monitor-{port}"), start.Name);
        var trace = receiver.Spans.Where(s => s.TraceId == start.TraceId).ToList();
        Assert.Equal("monitor-supervisor", start.Service);
        Assert.Equal("verified", start.Attributes["monitor.startup.outcome"]);
        Assert.Equal(Stages.Order(), trace.Select(s => s.Name).Where(Stages.Contains).Order());
        Assert.All(Phases, phase => Assert.Equal($"monitor-{port}", Assert.Single(trace, s => s.Name == phase).Service));
        var requests = receiver.Spans.Select(s => s.Name).Where(n => n.StartsWith("GET", StringComparison.Ordinal)).ToList();
        Assert.Contains("GET /api/daemons/", requests);
        Assert.DoesNotContain(requests, n => n.Contains("/health", StringComparison.Ordinal));
        Assert.Contains("/v1/metrics", receiver.Paths);
        Assert.Contains("/v1/logs", receiver.Paths);
    }
}
