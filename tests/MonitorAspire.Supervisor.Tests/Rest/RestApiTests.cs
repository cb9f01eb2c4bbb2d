using System.Net;
using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;

namespace MonitorAspire.Supervisor.Tests.Rest;

public class RestApiTests
{
    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    public async Task Health_Running_NamesItsOwnPidAndPort(string path)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        using var json = JsonDocument.Parse(await supervisor.Client.GetStringAsync(path));

        Assert.Equal("running", json.RootElement.GetProperty("status").GetString());
        Assert.Equal(Environment.ProcessId, json.RootElement.GetProperty("pid").GetInt32());
        Assert.Equal(supervisor.Port, json.RootElement.GetProperty("port").GetInt32());
    }

    [Fact]
    public async Task OpenApi_Document_DescribesPathsTokenAndEnumerations()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        using var json = JsonDocument.Parse(await supervisor.Client.GetStringAsync("/openapi/v1.json"));

        var paths = json.RootElement.GetProperty("paths");
        foreach (var path in (string[])["/api/daemons", "/api/daemons/{name}", "/api/daemons/{name}/diagnosis", "/api/daemons/{name}/logs", "/api/events", "/api/fleet/summary"])
        {
            Assert.True(paths.TryGetProperty(path, out var item) && item.TryGetProperty("get", out _), path);
        }

        foreach (var action in (string[])["start", "stop", "restart", "reset"])
        {
            var post = paths.GetProperty($"/api/daemons/{{name}}/{action}").GetProperty("post");
            Assert.True(post.GetProperty("security")[0].TryGetProperty("bearer", out _), action);
            Assert.True(post.GetProperty("responses").TryGetProperty("409", out _), action);
        }

        var diagnosis = paths.GetProperty("/api/daemons/{name}/diagnosis").GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("content");
        Assert.Equal(["application/json", "text/markdown"], diagnosis.EnumerateObject().Select(c => c.Name));

        var put = paths.GetProperty("/api/daemons/{name}").GetProperty("put");
        Assert.True(put.GetProperty("security")[0].TryGetProperty("bearer", out _));
        Assert.All((string[])["200", "201", "400", "401", "409", "413", "415"], status => Assert.True(put.GetProperty("responses").TryGetProperty(status, out _), status));
        var schema = Resolve(put.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema"));
        Assert.All(
            (string[])["port", "host", "healthPath", "command", "arguments", "workingDirectory", "environment", "restart", "portRangeEnd"],
            key => Assert.True(schema.GetProperty("properties").TryGetProperty(key, out _), key));
        Assert.True(paths.GetProperty("/api/daemons/{name}").GetProperty("delete").GetProperty("security")[0].TryGetProperty("bearer", out _));
        Assert.True(paths.GetProperty("/api/daemons/{name}/revert").TryGetProperty("post", out _));
        Assert.True(paths.GetProperty("/api/daemons/{name}/definition").GetProperty("get").GetProperty("security")[0].TryGetProperty("bearer", out _));

        JsonElement Resolve(JsonElement element) => element.TryGetProperty("$ref", out var reference)
            ? json.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : element;

        Assert.True(json.RootElement.GetProperty("components").GetProperty("securitySchemes").TryGetProperty("bearer", out _));
    }

    [Fact]
    public async Task Summary_VerifiedAndFailedStarts_CountsThem()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var alpha = supervisor.Fleet.Daemons[0];
        foreach (var ms in (double[])[100, 200, 300, 1000])
        {
            supervisor.Fleet.Raise(FleetEventKind.StartVerified, "alpha", supervisor.Fleet.Report(alpha) with { TotalMs = ms });
        }

        supervisor.Fleet.Verdict = Supervision.Daemons.StartupVerdict.Failed;
        supervisor.Fleet.Raise(FleetEventKind.StartFailed, "alpha", supervisor.Fleet.Report(alpha));
        supervisor.Fleet.Raise(FleetEventKind.StateChanged, "alpha");

        JsonElement summary = default;
        await Testing.Wait.UntilAsync(
            async () =>
            {
                summary = JsonDocument.Parse(await supervisor.Client.GetStringAsync("/api/fleet/summary")).RootElement;
                return summary.GetProperty("starts").GetProperty("total").GetInt32() == 5;
            },
            "five starts in the summary");

        Assert.Equal(0.8, summary.GetProperty("starts").GetProperty("successRate").GetDouble());
        Assert.Equal(1, summary.GetProperty("starts").GetProperty("failuresByReason").GetProperty("port-in-use").GetInt32());
        Assert.Equal(200, summary.GetProperty("startup").GetProperty("p50Ms").GetDouble());
        Assert.Equal(1000, summary.GetProperty("startup").GetProperty("p95Ms").GetDouble());
        Assert.Equal(1000, summary.GetProperty("startup").GetProperty("maxMs").GetDouble());
        Assert.Equal(1, summary.GetProperty("states").GetProperty("Running").GetInt32());
    }

    [Fact]
    public async Task Summary_NoStarts_HasNoRate()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        using var summary = JsonDocument.Parse(await supervisor.Client.GetStringAsync("/api/fleet/summary"));

        Assert.False(summary.RootElement.TryGetProperty("startup", out _));
        Assert.False(summary.RootElement.GetProperty("starts").TryGetProperty("successRate", out _));
    }

    [Fact]
    public async Task Response_AnyPage_AllowsNoOtherOrigin()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/daemons");
        request.Headers.Add("Origin", "https://evil.example");

        var response = await supervisor.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }
}
