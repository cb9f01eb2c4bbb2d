using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Telemetry;

public class EventIdTests
{
    [Fact]
    public void Messages_OfTheSupervisor_HaveAnIdOfTheirOwn()
    {
        Assert.Empty(EventIds.Duplicates(typeof(SupervisorSettings).Assembly, out var count));
        Assert.True(count > 20, $"only {count} messages were found");
    }
}
