using Grpc.Core;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

public class ApiKeyTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcdeX")]
    [InlineData("0123456789abcdef0123456789abcde")]
    [InlineData("0123456789abcdef0123456789abcdef0")]
    public async Task Call_WithoutTheKey_IsRefusedAndDoesNothing(string? shown)
    {
        var fleet = new StubFleet(Snapshots.Running());
        await using var service = await ResourceServiceFixture.StartAsync(fleet);
        var headers = new Metadata();
        if (shown is not null)
        {
            headers.Add("x-resource-service-api-key", shown);
        }

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.ExecuteResourceCommandAsync(
            new ResourceCommandRequest { ResourceName = "monitor-8768-monitor-8768", CommandName = "stop" }, headers));
        using var watch = service.Client.WatchResources(new WatchResourcesRequest(), headers);
        var refusedWatch = await Assert.ThrowsAsync<RpcException>(() => watch.ResponseStream.MoveNext(default));

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, refusedWatch.StatusCode);
        Assert.Empty(fleet.Asked);
    }

    [Fact]
    public async Task Call_WithTheKeyTwice_IsRefused()
    {
        await using var service = await ResourceServiceFixture.StartAsync(new StubFleet());
        var headers = new Metadata
        {
            { "x-resource-service-api-key", ResourceServiceFixture.Key },
            { "x-resource-service-api-key", "another" },
        };

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await service.Client.GetApplicationInformationAsync(new ApplicationInformationRequest(), headers));

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public void Environment_OfADaemon_HasNeitherKeyNorUrl()
    {
        Assert.Null(DaemonEnvironment.Common[ResourceServiceSettings.ApiKeyVariable]);
        Assert.Null(DaemonEnvironment.Common[ResourceServiceSettings.UrlVariable]);
    }
}
