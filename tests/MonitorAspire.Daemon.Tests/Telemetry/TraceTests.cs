using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.Daemon.Tests.Telemetry;

public sealed class TraceTests : IDisposable
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string ParentId = "b7ad6b7169203331";
    private static readonly string[] Phases = ["monitor.daemon.claim", "monitor.daemon.bind", "monitor.daemon.ready"];

    private readonly TemporaryDirectory _state = new();
    private readonly int _port = FreePort.Next();

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Start_TraceParent_JoinsTheLaunchersTrace()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path, environment: Environment(receiver, "01"));

        await Wait.UntilAsync(() => Phases.All(p => receiver.Spans.Any(s => s.Name == p)), "the three spans");

        var spans = Phases.Select(p => Assert.Single(receiver.Spans, s => s.Name == p)).ToList();
        Assert.All(spans, span =>
        {
            Assert.Equal(("alpha", TraceId, ParentId), (span.Service, span.TraceId, span.ParentSpanId));
            Assert.Equal(daemon.Pid.ToString(CultureInfo.InvariantCulture), span.Attributes["process.pid"]);
            Assert.Equal(_port.ToString(CultureInfo.InvariantCulture), span.Attributes["monitor.daemon.port"]);
            Assert.True(span.Start <= span.End);
            Assert.False(span.Failed);
        });

        // In this order: claim, bind, ready.
        Assert.True(spans[0].End <= spans[1].Start && spans[1].End <= spans[2].Start);
    }

    [Fact]
    public async Task Start_ParentNotSampled_ExportsNoSpan()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path, environment: Environment(receiver, "00"));

        await StopAsync(daemon);

        Assert.DoesNotContain(receiver.Spans, s => s.Name.StartsWith("monitor.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_Requests_TracesAllExceptProbes()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path, environment: Environment(receiver, "01"));
        await DaemonProcess.HealthAsync(_port);
        await DaemonProcess.HealthAsync(_port, path: "/alive");
        await DaemonProcess.HealthAsync(_port, path: "/");

        await StopAsync(daemon);

        Assert.Equal(["GET /"], receiver.Spans.Select(s => s.Name).Where(n => n.StartsWith("GET", StringComparison.Ordinal)));
        Assert.Contains("/v1/logs", receiver.Paths);
        Assert.Contains("/v1/metrics", receiver.Paths);
    }

    [Fact]
    public async Task Start_PortInUse_ExportsTheFailedBind()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        using var foreign = new TcpListener(IPAddress.Loopback, _port);
        foreign.Start();

        await using var daemon = DaemonProcess.Start(["--port", _port.ToString(CultureInfo.InvariantCulture), "--state-dir", _state.Path], Environment(receiver, "01"));

        Assert.Equal(69, await daemon.ExitAsync());
        var bind = Assert.Single(receiver.Spans, s => s.Name == "monitor.daemon.bind");
        Assert.Equal((TraceId, true, "port-in-use"), (bind.TraceId, bind.Failed, bind.Attributes["error.type"]));
    }

    [Fact]
    public async Task Start_LockHeld_ExportsTheFailedClaim()
    {
        await using var receiver = await OtlpReceiver.StartAsync();
        await using var first = await DaemonProcess.StartServingAsync(_port, _state.Path);

        await using var daemon = DaemonProcess.Start(["--port", _port.ToString(CultureInfo.InvariantCulture), "--state-dir", _state.Path], Environment(receiver, "01"));

        Assert.Equal(75, await daemon.ExitAsync());
        var claim = Assert.Single(receiver.Spans, s => s.Name == "monitor.daemon.claim");
        Assert.Equal((TraceId, true, "already-running"), (claim.TraceId, claim.Failed, claim.Attributes["error.type"]));
    }

    [Fact]
    public async Task Start_NoCollector_ServesAndStops()
    {
        await using var daemon = await DaemonProcess.StartServingAsync(_port, _state.Path, environment: new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{FreePort.Next()}",
            ["TRACEPARENT"] = "nonsense",
        });

        await StopAsync(daemon);
    }

    private static Dictionary<string, string?> Environment(OtlpReceiver receiver, string flags) => new(receiver.Environment)
    {
        ["OTEL_SERVICE_NAME"] = "alpha",
        ["TRACEPARENT"] = $"00-{TraceId}-{ParentId}-{flags}",
        ["TRACESTATE"] = "vendor=value",
    };

    private static async Task StopAsync(DaemonProcess daemon)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        await daemon.SignalAsync("TERM");
        Assert.Equal(0, await daemon.ExitAsync());
    }
}
