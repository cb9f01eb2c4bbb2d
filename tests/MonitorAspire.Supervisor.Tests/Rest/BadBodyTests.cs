using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace MonitorAspire.Supervisor.Tests.Rest;

public class BadBodyTests
{
    [Theory]
    [InlineData("{\"port\": 9100, \"host\": \"a@\"}")]
    [InlineData("{\"port\": 9100, \"environment\": {\"A\": \"@\"}}")]
    [InlineData("{\"port\": 9100, \"environment\": {\"@\": \"1\"}}")]
    [InlineData("{\"port\": 9100, \"@\": 1}")]
    [InlineData("@")]
    public async Task Put_InvalidUtf8_Is400AndNothingIsDone(string body)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await SendAsync(supervisor, HttpMethod.Put, "/api/daemons/web", body);

        Assert.Contains("UTF-8", await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest), StringComparison.Ordinal);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Theory]
    [InlineData("{\"port\": 9100, \"host\": \"\\ud800\"}")]
    [InlineData("{\"port\": 9100, \"environment\": {\"A\": \"\\ud800\"}}")]
    [InlineData("{\"port\": 9100, \"environment\": {\"\\ud800\": \"1\"}}")]
    [InlineData("{\"port\": 9100, \"\\ud800\": 1}")]
    [InlineData("{\"port\": \"\\ud800\"}")]
    public async Task Put_HalfASurrogatePair_Is400AndNothingIsDone(string body)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await SendAsync(supervisor, HttpMethod.Put, "/api/daemons/web", body), HttpStatusCode.BadRequest);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Theory]
    [InlineData("{\"reason\": \"@\"}")]
    [InlineData("{\"reason\": \"\\ud800\"}")]
    [InlineData("{\"@\": \"x\"}")]
    public async Task Post_InvalidText_Is400AndNothingIsDone(string body)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await SendAsync(supervisor, HttpMethod.Post, "/api/daemons/alpha/stop", body), HttpStatusCode.BadRequest);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Put_ByteOrderMark_IsSkipped()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Equal(HttpStatusCode.Created, (await SendAsync(supervisor, HttpMethod.Put, "/api/daemons/web", "\uFEFF{\"port\": 9100}")).StatusCode);
    }

    /// <summary>Sends the body with the byte 0xFF, which UTF-8 does not have, in the place of each @.</summary>
    private static Task<HttpResponseMessage> SendAsync(RunningSupervisor supervisor, HttpMethod method, string path, string body)
    {
        var content = new ByteArrayContent([.. Encoding.UTF8.GetBytes(body).Select(b => b == (byte)'@' ? (byte)0xFF : b)]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", supervisor.Token);
        return supervisor.Client.SendAsync(request);
    }
}
