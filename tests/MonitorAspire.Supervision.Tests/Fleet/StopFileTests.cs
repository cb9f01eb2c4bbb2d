using Microsoft.Extensions.Logging.Abstractions;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervision.Tests.Fleet;

/// <summary>What the next supervisor does with the daemons that a person has stopped.</summary>
public sealed class StopFileTests
{
    /// <summary>The supervisor before may have died when the main process had ended and others had not.</summary>
    [Fact]
    public async Task Begin_StoppedBefore_CompletesThatStop()
    {
        using var directory = new TemporaryDirectory();
        var options = FleetFixture.Options with { StopFile = directory["stopped.json"] };
        new StopFile(options.StopFile, NullLogger.Instance).Open().Set("d0", isStopped: true);

        await using var fixture = await new FleetFixture(FleetFixture.Specs(2), options).BeginAsync();

        Assert.Equal(["d0"], fixture.Engine.Stops);
        await fixture.UntilAsync(() => fixture["d1"].State == DaemonState.Running);
        Assert.Equal(DaemonState.Stopped, fixture["d0"].State);
    }
}
