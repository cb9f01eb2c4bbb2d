using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Launcher;

public class LauncherEndpointsTests
{
    [Fact]
    public async Task Request_ReadAndAnswered_IsTaken()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = supervisor.Launcher.RequestStartAsync("alpha", CancellationToken.None);

        using var ended = new CancellationTokenSource(Wait.Generous);
        await foreach (var request in RequestsAsync(supervisor, ended.Token))
        {
            Assert.Equal(("alpha", LauncherAction.Start), (request.Daemon, request.Action));
            Assert.False(asked.IsCompleted);
            var answer = await supervisor.SendAsync(HttpMethod.Post, $"/api/launcher/requests/{request.Id}", "{}");
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            break;
        }

        await asked.WaitAsync(Wait.Generous);
    }

    [Fact]
    public async Task Request_AnsweredWithAnError_IsRefusedWithItsWords()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = supervisor.Launcher.RequestStopAsync("alpha", CancellationToken.None);

        using var ended = new CancellationTokenSource(Wait.Generous);
        await foreach (var request in RequestsAsync(supervisor, ended.Token))
        {
            await supervisor.SendAsync(HttpMethod.Post, $"/api/launcher/requests/{request.Id}", """{"error": "no such resource"}""");
            break;
        }

        var e = await Assert.ThrowsAsync<LaunchFailedException>(() => asked.WaitAsync(Wait.Generous));
        Assert.Equal("no such resource", e.Message);
    }

    [Fact]
    public async Task Request_ReaderGoneBeforeTheAnswer_IsGivenToTheNextOne()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var asked = supervisor.Launcher.RequestStartAsync("alpha", CancellationToken.None);
        var seen = new List<long>();
        for (var reader = 0; reader < 2; reader++)
        {
            using var ended = new CancellationTokenSource(Wait.Generous);
            await foreach (var request in RequestsAsync(supervisor, ended.Token))
            {
                seen.Add(request.Id);
                break;
            }
        }

        Assert.Equal(seen[0], seen[1]);
        await supervisor.SendAsync(HttpMethod.Post, $"/api/launcher/requests/{seen[0]}", "{}");
        await asked.WaitAsync(Wait.Generous);
    }

    [Fact]
    public async Task Report_Running_EndsTheWaitForTheLaunch()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var launched = supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None);
        await ReportAsync(supervisor, """{"state": "Waiting"}""");
        Assert.False(launched.IsCompleted);

        await ReportAsync(supervisor, """{"state": "Running", "pid": 4712, "traceParent": "00-1"}""");

        Assert.Equal(new AttachedLaunch(4712, "00-1"), await launched.WaitAsync(Wait.Generous));
    }

    [Theory]
    [InlineData("""{"state": "Ended", "pid": 4712, "exitCode": 3, "logTail": ["boom"]}""", "exit code 3")]
    [InlineData("""{"state": "Failed", "detail": "port 9001 is taken", "logTail": ["boom"]}""", "port 9001 is taken")]
    public async Task Report_NotLaunched_FailsTheWaitWithTheReason(string report, string reason)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await ReportAsync(supervisor, report);

        var e = await Assert.ThrowsAsync<LaunchFailedException>(() => supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal(["boom"], e.LogTail);
    }

    [Theory]
    [InlineData("""{"state": "Ended", "pid": 4712, "onPurpose": true}""", AttachedEnd.StoppedOnPurpose)]
    [InlineData("""{"state": "Ended", "pid": 4712, "exitCode": 137}""", AttachedEnd.ByItself)]
    [InlineData("""{"state": "Running", "pid": 4713}""", AttachedEnd.Replaced)]
    public async Task ExplainEnd_WaitsForTheReportOfIt(string report, AttachedEnd end)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await ReportAsync(supervisor, """{"state": "Running", "pid": 4712}""");
        await supervisor.Launcher.WaitForLaunchAsync("alpha", CancellationToken.None);
        var explained = supervisor.Launcher.ExplainEndAsync("alpha", CancellationToken.None);

        await ReportAsync(supervisor, report);

        Assert.Equal(end, (await explained.WaitAsync(Wait.Generous)).End);
    }

    [Fact]
    public async Task ExplainEnd_OfAnAdoptedInstance_WaitsForTheReportOfItToo()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await ReportAsync(supervisor, """{"state": "Running", "pid": 4712}""");
        var explained = supervisor.Launcher.ExplainEndAsync("alpha", CancellationToken.None);
        Assert.False(explained.IsCompleted);

        await ReportAsync(supervisor, """{"state": "Ended", "pid": 4712, "exitCode": 3}""");

        var exit = await explained.WaitAsync(Wait.Generous);
        Assert.Equal((AttachedEnd.ByItself, 3), (exit.End, exit.ExitCode!.Value));
    }

    [Fact]
    public async Task Report_LaunchThatNobodyAskedFor_IsTold()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var unasked = new List<string>();
        supervisor.Launcher.LaunchedUnasked += unasked.Add;

        await ReportAsync(supervisor, """{"state": "Running", "pid": 4712}""");
        await ReportAsync(supervisor, """{"state": "Running", "pid": 4712}""");
        Assert.Empty(unasked);
        await ReportAsync(supervisor, """{"state": "Running", "pid": 4713}""");
        Assert.Equal(["alpha"], unasked);
    }

    [Fact]
    public async Task Anything_WithoutTokenOrOfNothing_IsRefused()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/launcher/requests", token: ""), HttpStatusCode.Unauthorized);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/launcher/daemons/alpha", """{"state": "Running"}""", token: ""), HttpStatusCode.Unauthorized);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/launcher/daemons/gamma", """{"state": "Running"}"""), HttpStatusCode.NotFound);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/launcher/daemons/alpha", """{"state": "Dancing"}"""), HttpStatusCode.BadRequest);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Post, "/api/launcher/requests/99", "{}"), HttpStatusCode.NotFound);
    }

    private static async Task ReportAsync(RunningSupervisor supervisor, string report)
        => Assert.Equal(HttpStatusCode.NoContent, (await supervisor.SendAsync(HttpMethod.Put, "/api/launcher/daemons/alpha", report)).StatusCode);

    private static async IAsyncEnumerable<LauncherRequest> RequestsAsync(RunningSupervisor supervisor, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/launcher/requests");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", supervisor.Token);
        using var response = await supervisor.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(body, (_, data) => JsonSerializer.Deserialize(data, SupervisionJson.Default.LauncherRequest)!).EnumerateAsync(cancellationToken))
        {
            yield return item.Data;
        }
    }
}
