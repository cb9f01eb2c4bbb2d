using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Telemetry;

public class EventIdTests
{
    [Fact]
    public void Messages_OfTheEngine_HaveAnIdOfTheirOwn()
    {
        Assert.Empty(EventIds.Duplicates(typeof(DaemonEngine).Assembly, out var count));
        Assert.True(count > 20, $"only {count} messages were found");
    }
}
