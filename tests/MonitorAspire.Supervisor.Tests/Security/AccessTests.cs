using System.Net;
using System.Net.Http.Headers;

namespace MonitorAspire.Supervisor.Tests.Security;

public class AccessTests
{
    [Theory]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Post_NoToken_Is401AndNothingIsDone(string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.Client.PostAsync($"/api/daemons/alpha/{action}", null);

        var detail = await ProblemAssert.IsAsync(response, HttpStatusCode.Unauthorized);
        Assert.EndsWith(".token.", detail, StringComparison.Ordinal);
        Assert.DoesNotContain(supervisor.Token, detail, StringComparison.Ordinal);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("x")]
    public async Task Post_WrongToken_Is401(string token)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.PostAsync("/api/daemons/alpha/stop", token: token), HttpStatusCode.Unauthorized);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Post_TokenUnderOtherScheme_Is401()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/daemons/alpha/stop");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", supervisor.Token);

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Delete_NoToken_Is401()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.Client.DeleteAsync("/api/daemons/alpha"), HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8760")]
    [InlineData("10.1.2.3")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    public async Task Get_ForeignHost_Is403(string host)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/daemons");
        request.Headers.Host = host;

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1234")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:8760")]
    public async Task Get_OwnHost_IsAnswered(string host)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/daemons");
        request.Headers.Host = host;

        Assert.Equal(HttpStatusCode.OK, (await supervisor.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Post_ForeignHostWithToken_Is403AndNothingIsDone()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/daemons/alpha/stop");
        request.Headers.Host = "evil.example";
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", supervisor.Token);

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.Forbidden);
        Assert.Empty(supervisor.Fleet.Calls);
    }
}
