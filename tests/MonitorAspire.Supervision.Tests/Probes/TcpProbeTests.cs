using System.Net;
using System.Net.Sockets;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Probes;

namespace MonitorAspire.Supervision.Tests.Probes;

/// <summary>The health check that only connects.</summary>
public sealed class TcpProbeTests : IDisposable
{
    private static readonly TimeSpan Ample = TimeSpan.FromSeconds(30);

    private readonly Socket _server = ListenerProbeTests.Listen(IPAddress.Loopback);

    private int Port => ((IPEndPoint)_server.LocalEndPoint!).Port;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Probe_ProcessAccepts_IsHealthy()
    {
        var probe = ProbeAsync(Ample);
        using var accepted = await _server.AcceptAsync(TestContext.Current.CancellationToken);

        var result = await probe;

        Assert.Equal((HealthOutcome.Healthy, true, null), (result.Outcome, result.Connected, result.StatusCode));
        Assert.Matches($"^connection to 127.0.0.1:{Port}: accepted after [0-9.]+ m?s$", result.Detail);
        Assert.Empty(result.ServedBy);
    }

    [Fact]
    public async Task Probe_ProcessAcceptsLate_IsHealthyNotBefore()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells whether the process has taken a connection.");
        var probe = ProbeAsync(Ample);
        while (!_server.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead))
        {
        }

        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.False(probe.IsCompleted);
        using var accepted = await _server.AcceptAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HealthOutcome.Healthy, (await probe).Outcome);
    }

    [Fact]
    public async Task Probe_ProcessNeverAccepts_TimesOutAlthoughTheKernelConnects()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells whether the process has taken a connection.");

        var result = await ProbeAsync(TimeSpan.FromMilliseconds(200));

        Assert.Equal((HealthOutcome.TimedOut, true), (result.Outcome, result.Connected));
        Assert.Matches($"^connection to 127.0.0.1:{Port}: the kernel completed it, but the process did not take it within 200 ms; connected after [0-9.]+ m?s$", result.Detail);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Probe_ProcessIsKnown_IsHealthyOnlyForTheInstance(bool isInstance)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells the process of a socket.");
        var probe = new HealthProbe().ProbeAsync(Request(Ample) with { IsExpectedPid = _ => isInstance, LikelyPids = [] }, default);
        using var accepted = await _server.AcceptAsync(TestContext.Current.CancellationToken);

        var result = await probe;

        Assert.Equal(isInstance ? HealthOutcome.Healthy : HealthOutcome.IdentityMismatch, result.Outcome);
        Assert.Contains(Environment.ProcessId, result.ServedBy);
        Assert.Equal(isInstance, !result.Detail.Contains($": accepted, but the connection was served by PID {Environment.ProcessId}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Probe_NoListener_IsUnreachable()
    {
        var request = Request(Ample);
        _server.Dispose();

        var result = await new HealthProbe().ProbeAsync(request, default);

        Assert.Equal((HealthOutcome.Unreachable, false), (result.Outcome, result.Connected));
        Assert.StartsWith($"connection to 127.0.0.1:{request.Port}: ", result.Detail, StringComparison.Ordinal);
    }

    private Task<HealthResult> ProbeAsync(TimeSpan timeout) => new HealthProbe().ProbeAsync(Request(timeout), default);

    private HealthRequest Request(TimeSpan timeout) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        IsExpectedPid = _ => true,
        Check = new HealthCheck { Kind = HealthCheckKind.Tcp },
        Timeout = timeout,
    };
}
