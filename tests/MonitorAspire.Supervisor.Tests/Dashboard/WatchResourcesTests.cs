using Grpc.Core;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

public class WatchResourcesTests
{
    [Fact]
    public async Task WatchResources_First_SendsEveryDaemonAndTheSupervisor()
    {
        await using var service = await ResourceServiceFixture.StartAsync(new StubFleet(Snapshots.Running("a", 1), Snapshots.Running("b", 2)));
        using var call = service.Client.WatchResources(new WatchResourcesRequest(), service.Options);

        var initial = await NextAsync(call);

        Assert.Equal(WatchResourcesUpdate.KindOneofCase.InitialData, initial.KindCase);
        Assert.Equal(["a", "b", "monitor-supervisor"], initial.InitialData.Resources.Select(r => r.DisplayName));
        Assert.Equal(["a-a", "b-b", "monitor-supervisor-monitor-supervisor"], initial.InitialData.Resources.Select(r => r.Name));
        Assert.All(initial.InitialData.Resources, r => Assert.NotNull(r.CreatedAt));
        Assert.All(initial.InitialData.Resources.SelectMany(r => r.Urls), u => Assert.NotNull(u.DisplayProperties));
        var supervisor = initial.InitialData.Resources[^1];
        Assert.Equal($"{service.RestUrl}/api/daemons", Assert.Single(supervisor.Urls).FullUrl);
        Assert.Empty(supervisor.Commands);
    }

    [Fact]
    public async Task WatchResources_DaemonChanges_SendsOnlyThatOne()
    {
        var fleet = new StubFleet(Snapshots.Running("a", 1), Snapshots.Running("b", 2));
        await using var service = await ResourceServiceFixture.StartAsync(fleet);
        using var call = service.Client.WatchResources(new WatchResourcesRequest(), service.Options);
        await NextAsync(call);

        fleet.Set(Snapshots.Running("b", 3));
        var change = Assert.Single((await NextAsync(call)).Changes.Value);

        Assert.Equal("b", change.Upsert.DisplayName);
        Assert.Equal("3", change.Upsert.Properties.Single(p => p.Name == "executable.pid").Value.StringValue);
    }

    [Fact]
    public async Task WatchResources_DaemonIsAddedAndRemoved_SendsBoth()
    {
        var fleet = new StubFleet(Snapshots.Running("a", 1));
        await using var service = await ResourceServiceFixture.StartAsync(fleet);
        using var call = service.Client.WatchResources(new WatchResourcesRequest(), service.Options);
        await NextAsync(call);

        fleet.Set(Snapshots.Running("b", 2));
        Assert.Equal("b", Assert.Single((await NextAsync(call)).Changes.Value).Upsert.DisplayName);

        // There is no event; the comparison each second finds the change.
        fleet.Remove("a");
        Assert.Equal("a-a", Assert.Single((await NextAsync(call)).Changes.Value).Delete.ResourceName);
    }

    [Fact]
    public async Task WatchResources_ChecksPassAgain_SendsNothing()
    {
        var fleet = new StubFleet(Snapshots.Running());
        await using var service = await ResourceServiceFixture.StartAsync(fleet);
        using var call = service.Client.WatchResources(new WatchResourcesRequest(), service.Options);
        await NextAsync(call);

        fleet.Set(Snapshots.Running() with { Checks = [.. Snapshots.Running().Checks.Select(c => c with { Detail = "other words", At = Snapshots.At.AddSeconds(1) })] });
        fleet.Set(Snapshots.Running("b"));

        Assert.Equal("b", Assert.Single((await NextAsync(call)).Changes.Value).Upsert.DisplayName);
    }

    [Fact]
    public async Task WatchResources_SupervisorStops_EndsWithoutError()
    {
        await using var service = await ResourceServiceFixture.StartAsync(new StubFleet());
        using var call = service.Client.WatchResources(new WatchResourcesRequest(), service.Options);
        await NextAsync(call);

        await service.StopAsync();

        Assert.False(await call.ResponseStream.MoveNext(default));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task WatchInteractions_SupervisorRuns_StaysOpenAndSendsNothing()
    {
        await using var service = await ResourceServiceFixture.StartAsync(new StubFleet());
        using var call = service.Client.WatchInteractions(service.Options);
        await call.ResponseHeadersAsync;
        var next = call.ResponseStream.MoveNext(default);
        await call.RequestStream.WriteAsync(new InteractionRequest { InteractionId = 1 });
        Assert.False(next.IsCompleted);

        await service.StopAsync();

        // The client's side of the call is still open, so it may see the connection close before the end of the response.
        var said = await Record.ExceptionAsync(async () => Assert.False(await next));
        Assert.True(said is null or RpcException { InnerException: HttpProtocolException { ErrorCode: 0 } }, $"{said}");
    }

    [Fact]
    public async Task Stop_WithADashboardThatHangs_DoesNotWaitForIt()
    {
        await using var service = await ResourceServiceFixture.StartAsync(new StubFleet());
        using var call = service.Client.WatchInteractions(service.Options);
        await call.ResponseHeadersAsync;

        // The client neither reads nor ends its side. The host's own limit is 30 seconds.
        await service.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task GetApplicationInformation_Always_NamesTheApplication()
    {
        await using var service = await ResourceServiceFixture.StartAsync(new StubFleet());

        var answer = await service.Client.GetApplicationInformationAsync(new ApplicationInformationRequest(), service.Options);

        Assert.Equal("MonitorAspire", answer.ApplicationName);
        Assert.Empty(answer.MinDashboardVersion);
    }

    private static async Task<WatchResourcesUpdate> NextAsync(AsyncServerStreamingCall<WatchResourcesUpdate> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(default));
        return call.ResponseStream.Current;
    }
}
