using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;

namespace MonitorAspire.Supervisor.Tests.Rest;

public class DaemonEndpointsTests
{
    [Fact]
    public async Task List_Fleet_IsReadBackByTheSharedJson()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var daemons = await supervisor.Client.GetFromJsonAsync("/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot);

        var daemon = Assert.Single(daemons!);
        Assert.Equal(("alpha", 9001, 4711, DaemonState.Running), (daemon.Name, daemon.Port, daemon.Pid!.Value, daemon.State));
    }

    [Fact]
    public async Task Get_NameInOtherCase_AnswersTheDaemonWithoutNulls()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        using var json = JsonDocument.Parse(await supervisor.Client.GetStringAsync("/api/daemons/ALPHA"));

        Assert.Equal("Running", json.RootElement.GetProperty("state").GetString());
        Assert.False(json.RootElement.TryGetProperty("lastFailure", out _));
    }

    [Fact]
    public async Task Get_UnknownDaemon_Is404()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Contains("beta", await ProblemAssert.IsAsync(await supervisor.Client.GetAsync("/api/daemons/beta"), HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Post_Action_CallsTheFleetAndAnswersTheReport(string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.PostAsync($"/api/daemons/alpha/{action}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(action == "stop" ? "stopped" : "verified", json.RootElement.GetProperty("verdict").GetString());
        Assert.Equal([$"{action} alpha"], supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Post_Reset_CallsTheFleetAndAnswersTheDaemon()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.PostAsync("/api/daemons/alpha/reset");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("alpha", (await response.Content.ReadFromJsonAsync(SupervisionJson.Default.DaemonSnapshot))!.Name);
        Assert.Equal(["reset alpha"], supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Post_StartThatFails_Is200WithTheVerdict()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        supervisor.Fleet.Verdict = StartupVerdict.Failed;

        var response = await supervisor.PostAsync("/api/daemons/alpha/start");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var report = await response.Content.ReadFromJsonAsync(SupervisionJson.Default.StartupReport);
        Assert.Equal((StartupVerdict.Failed, StartupReason.PortInUse, StartupStage.Preflight), (report!.Verdict, report.Reason!.Value, report.Stage!.Value));
    }

    [Theory]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("restart")]
    [InlineData("reset")]
    public async Task Post_UnknownDaemon_Is404(string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.PostAsync($"/api/daemons/beta/{action}"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Post_Conflict_Is409WithTheMessageOfTheFleet()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        supervisor.Fleet.Throws = new FleetConflictException("alpha is being stopped");

        Assert.Equal("alpha is being stopped", await ProblemAssert.IsAsync(await supervisor.PostAsync("/api/daemons/alpha/start"), HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Post_FleetFails_Is500WithoutTheException()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        supervisor.Fleet.Throws = new InvalidOperationException("something inside");

        Assert.DoesNotContain("inside", await ProblemAssert.IsAsync(await supervisor.PostAsync("/api/daemons/alpha/start"), HttpStatusCode.InternalServerError), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_WithReason_IsCarriedOut()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.PostAsync("/api/daemons/alpha/restart", Json("""{"reason":"deploy\nof 42"}"""));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Single(supervisor.Fleet.Calls);
    }

    [Theory]
    [InlineData("{\"reason\":")]
    [InlineData("[1,2]")]
    [InlineData("nonsense")]
    public async Task Post_MalformedJson_Is400AndNothingIsDone(string body)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.PostAsync("/api/daemons/alpha/stop", Json(body)), HttpStatusCode.BadRequest);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Post_OversizedBody_Is413AndNothingIsDone(bool chunked)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var body = Encoding.ASCII.GetBytes($$"""{"reason":"{{new string('x', 100_000)}}"}""");
        var content = new StreamContent(new MemoryStream(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentLength = chunked ? null : body.Length;
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/daemons/alpha/stop") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", supervisor.Token);

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.RequestEntityTooLarge);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Post_OtherContentType_Is415()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(
            await supervisor.PostAsync("/api/daemons/alpha/stop", new StringContent("reason=x", Encoding.UTF8, "application/x-www-form-urlencoded")),
            HttpStatusCode.UnsupportedMediaType);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Get_UnknownPath_Is404()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.Client.GetAsync("/api/nothing"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Get_Action_Is405()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.Client.GetAsync("/api/daemons/alpha/stop"), HttpStatusCode.MethodNotAllowed);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
