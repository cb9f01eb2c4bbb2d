using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervision.Tests.Startup;

/// <summary>A separate class, because xUnit runs classes in parallel.</summary>
public sealed class SlowStartTests : IAsyncDisposable
{
    private readonly EngineFixture _fixture = new();

    public ValueTask DisposeAsync() => _fixture.DisposeAsync();

    [Fact]
    public async Task Start_TakesTwentySecondsOfThirty_IsVerified()
    {
        var spec = _fixture.Faulty("--start-delay", "20000");
        var report = await _fixture.StartAsync(spec, timeoutSeconds: 30);
        Assert.True(report.Verdict == StartupVerdict.Verified, report.Detail);
    }
}
