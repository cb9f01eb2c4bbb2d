using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Tests.Fleet;

public class ServiceAddressesTests
{
    [Fact]
    public async Task ReadFleet_NamedAsAService_HasItsAddress()
    {
        var fleet = await MonitorsReader.ReadFleetAsync(Configuration(
            ("Monitors:Daemons:0:Name", "catalog"),
            ("Monitors:Daemons:0:Service", "http://_http.catalog"),
            ("services:catalog:http:0", "http://127.0.0.1:9123")));

        var spec = Assert.Single(fleet.Specs);
        Assert.Equal(("catalog", "127.0.0.1", 9123), (spec.Name, spec.Host, spec.Port));
    }

    [Fact]
    public async Task ReadFleet_ServiceAndPort_ThePortIsWhatWasSaid()
    {
        // A given port takes precedence.
        var fleet = await MonitorsReader.ReadFleetAsync(Configuration(
            ("Monitors:Daemons:0:Port", "9200"),
            ("Monitors:Daemons:0:Service", "http://_http.catalog"),
            ("services:catalog:http:0", "http://localhost:9123")));

        Assert.Equal(("localhost", 9200), (fleet.Specs[0].Host, fleet.Specs[0].Port));
    }

    [Fact]
    public async Task ReadFleet_ServiceThatNobodyKnows_SaysKeyAndName()
    {
        var e = await Assert.ThrowsAsync<ConfigurationException>(() => MonitorsReader.ReadFleetAsync(Configuration(("Monitors:Daemons:0:Service", "http://_http.nowhere"))));

        Assert.Contains("Monitors:Daemons:0:Service", e.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", e.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] values)
        => new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => v.Key, v => (string?)v.Value)).Build();
}
