using System.Net;
using System.Text.Json;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Restarts;

namespace MonitorAspire.Supervisor.Tests.Rest;

public class DefinitionEndpointsTests
{
    private static readonly DaemonSpec Attached = new() { Name = "aspires", Port = 9002, Launch = LaunchMode.Attached };

    [Fact]
    public async Task Put_NewDaemon_Is201WithItsAddressAndIsKept()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.SendAsync(
            HttpMethod.Put,
            "/api/daemons/web",
            """
            {"port": 9100, "host": "localhost", "healthPath": "/", "command": "python3", "arguments": ["-m", "http.server", "{port}"],
             "workingDirectory": "/tmp", "environment": {"A": "1", "GONE": null}, "portRangeEnd": 9109, "restart": {"mode": "Always", "budget": 7}}
            """);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal("/api/daemons/web", response.Headers.Location!.ToString());
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(("web", 9100, "Starting"), (json.RootElement.GetProperty("name").GetString(), json.RootElement.GetProperty("port").GetInt32(), json.RootElement.GetProperty("state").GetString()));
        var spec = supervisor.Fleet.Specs.Single(s => s.Name == "web");
        Assert.Equal(("localhost", 9100, 9109, "/", "python3", "/tmp"), (spec.Host, spec.Port, spec.PortRangeEnd!.Value, spec.HealthPath, spec.Command, spec.WorkingDirectory));
        Assert.Equal(["-m", "http.server", "{port}"], spec.Arguments);
        Assert.Equal("1", spec.Environment["A"]);
        Assert.Null(spec.Environment["GONE"]);
        Assert.Equal(new RestartPolicy { Mode = RestartMode.Always, Budget = 7 }, spec.Restart);
        Assert.Contains("\"web\"", await File.ReadAllTextAsync(supervisor.OverlayFile), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(supervisor.OverlayFile));
        }
    }

    [Fact]
    public async Task Put_DaemonThatIsThere_Is200AndKeepsItsName()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        // As in the configuration, where upper and lower case are the same.
        var response = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/ALPHA", """{"Name": "Alpha", "Port": 9050}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["apply alpha:9050"], supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Put_Twice_Is201AndThen200()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Equal(HttpStatusCode.Created, (await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}""")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}""")).StatusCode);
        Assert.Equal(["alpha", "web"], supervisor.Fleet.Specs.Select(s => s.Name));
    }

    [Fact]
    public async Task Put_ManyAtOnce_AllAreKept()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => supervisor.SendAsync(HttpMethod.Put, $"/api/daemons/d{i}", $$"""{"port": {{9100 + i}}}""")));

        Assert.All(responses, r => Assert.Equal(HttpStatusCode.Created, r.StatusCode));
        Assert.Equal(21, supervisor.Fleet.Specs.Count);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(supervisor.OverlayFile));
        Assert.Equal(20, json.RootElement.GetProperty("daemons").GetArrayLength());
        Assert.Empty(Directory.GetFiles(supervisor.StateDirectory, "*.tmp"));
    }

    [Theory]
    [InlineData("""{"port": 70000}""", "port", "70000")]
    [InlineData("""{"port": "many"}""", "port", "\"many\"")]
    [InlineData("""{"port": 9100.5}""", "port", "9100.5")]
    [InlineData("""{}""", "port", "missing")]
    [InlineData("""{"port": 9100, "prot": 1}""", "prot", "is not a setting")]
    [InlineData("""{"port": 9100, "restart": {"jitter": 2}}""", "restart.jitter", "2 is out of range")]
    [InlineData("""{"port": 9100, "restart": {"jiter": 0.1}}""", "restart.jiter", "is not a setting")]
    [InlineData("""{"port": 9100, "restart": {"maxDelay": "soon"}}""", "restart.maxDelay", "soon")]
    [InlineData("""{"port": 9100, "restart": {"mode": "Sometimes"}}""", "restart.mode", "Sometimes")]
    [InlineData("""{"port": 9100, "portRangeEnd": 9000}""", "portRangeEnd", "9100-9000")]
    [InlineData("""{"port": 9100, "host": "a b"}""", "host", "a b")]
    [InlineData("""{"port": 9100, "healthPath": "health"}""", "healthPath", "'health'")]
    [InlineData("""{"port": 9100, "healthPath": "/a\r\nX: y"}""", "healthPath", "white space")]
    [InlineData("""{"port": 9100, "command": " "}""", "command", "empty")]
    [InlineData("""{"port": 9100, "arguments": null}""", "arguments", "null")]
    [InlineData("""{"port": 9100, "arguments": "-x"}""", "arguments", "is not a valid value")]
    [InlineData("""{"port": 9100, "arguments": ["a\u0000b"]}""", "arguments", "NUL")]
    [InlineData("""{"port": 9100, "environment": {"A=B": "1"}}""", "environment", "A=B")]
    [InlineData("""{"port": 9100, "environment": {"A": 1}}""", "environment.A", "is not a valid value")]
    [InlineData("""{"port": 9100, "launch": "Attached"}""", "launch", "Attached")]
    [InlineData("""{"port": 9100, "launch": "Nobody"}""", "launch", "Nobody")]
    [InlineData("""{"port": 9100, "name": "other"}""", "name", "other")]
    public async Task Put_BadValue_Is400NamesKeyAndValueAndNothingIsDone(string body, string key, string value)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", body);

        var detail = await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.True(json.RootElement.GetProperty("errors").TryGetProperty(key, out var messages), json.RootElement.ToString());
        Assert.Contains(value, messages[0].GetString(), StringComparison.Ordinal);
        Assert.Contains(value, detail, StringComparison.Ordinal);
        AssertUntouched(supervisor);
    }

    [Fact]
    public async Task Put_SeveralBadValues_NamesAllOfThem()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var response = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 0, "healthPath": "x", "restart": {"budget": 0}}""");

        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(["healthPath", "port", "restart.budget"], json.RootElement.GetProperty("errors").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("-leading")]
    [InlineData("a%20b")]
    [InlineData("..%2F..%2Fetc")]
    public async Task Put_BadName_Is400(string name)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Contains("name", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, $"/api/daemons/{name}", """{"port": 9100}"""), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        AssertUntouched(supervisor);
    }

    [Theory]
    [InlineData("""{"port": 9100""", "line 1")]
    [InlineData("nonsense", "line 1")]
    [InlineData("", "")]
    [InlineData("[1]", "object")]
    [InlineData("null", "object")]
    [InlineData("""{"port": 9100, "port": 9101}""", "port")]
    public async Task Put_MalformedJson_Is400AndNothingIsDone(string body, string detail)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Contains(detail, await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", body), HttpStatusCode.BadRequest), StringComparison.Ordinal);
        AssertUntouched(supervisor);
    }

    [Fact]
    public async Task Put_PortOfAnotherDaemon_Is409NamesBothAndNothingIsDone()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        var detail = await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9001}"""), HttpStatusCode.Conflict);

        Assert.Contains("9001", detail, StringComparison.Ordinal);
        Assert.Contains("'alpha'", detail, StringComparison.Ordinal);
        AssertUntouched(supervisor);
    }

    [Fact]
    public async Task Put_PortOfTheSupervisorItself_Is409()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", $$"""{"port": {{supervisor.Port}}}"""), HttpStatusCode.Conflict);
        AssertUntouched(supervisor);
    }

    [Fact]
    public async Task Put_MoreDaemonsThanAFleetHas_Is409()
    {
        await using var supervisor = await RunningSupervisor.StartAsync(
            [.. Enumerable.Range(0, 199).Select(i => new DaemonSpec { Name = $"d{i}", Port = 9100 + i })]);

        Assert.Contains("200", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9900}"""), HttpStatusCode.Conflict), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/revert")]
    public async Task Change_AttachedDaemon_Is409AndSaysWhereItIsChanged(string method, string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync(Attached);

        var detail = await ProblemAssert.IsAsync(
            await supervisor.SendAsync(new HttpMethod(method), $"/api/daemons/aspires{action}", method == "PUT" ? """{"port": 9100}""" : null), HttpStatusCode.Conflict);

        Assert.Contains("launched by another program", detail, StringComparison.Ordinal);
        AssertUntouched(supervisor);
    }

    [Theory]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/revert")]
    public async Task Change_WithoutToken_Is401AndNothingIsDone(string method, string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var body = method == "PUT" ? """{"port": 9100}""" : null;

        await ProblemAssert.IsAsync(await supervisor.SendAsync(new HttpMethod(method), $"/api/daemons/alpha{action}", body, token: ""), HttpStatusCode.Unauthorized);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(new HttpMethod(method), $"/api/daemons/alpha{action}", body, token: new string('0', 64)), HttpStatusCode.Unauthorized);
        AssertUntouched(supervisor);
    }

    [Theory]
    [InlineData("PUT", "")]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/revert")]
    public async Task Change_ForeignHost_Is403AndNothingIsDone(string method, string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(
            await supervisor.SendAsync(new HttpMethod(method), $"/api/daemons/alpha{action}", method == "PUT" ? """{"port": 9100}""" : null, host: "evil.example"),
            HttpStatusCode.Forbidden);
        AssertUntouched(supervisor);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_OversizedBody_Is413AndNothingIsDone(bool chunked)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Put, "/api/daemons/web")
        {
            Content = new StringContent($$"""{"port": 9100, "command": "{{new string('x', 100_000)}}"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")),
        };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", supervisor.Token);

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.RequestEntityTooLarge);
        AssertUntouched(supervisor);
    }

    [Fact]
    public async Task Put_OtherContentType_Is415()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        var request = new HttpRequestMessage(HttpMethod.Put, "/api/daemons/web") { Content = new StringContent("port=9100") };
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", supervisor.Token);

        await ProblemAssert.IsAsync(await supervisor.Client.SendAsync(request), HttpStatusCode.UnsupportedMediaType);
        AssertUntouched(supervisor);
    }

    [Fact]
    public async Task Put_FleetRefuses_Is409AndTheFileIsAsBefore()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}""");
        var before = await File.ReadAllTextAsync(supervisor.OverlayFile);
        supervisor.Fleet.Change = new FleetChange { Failures = ["'web' could not be stopped: it hangs in the kernel"] };

        Assert.Contains("hangs", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9101}"""), HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Contains("hangs", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Delete, "/api/daemons/web"), HttpStatusCode.Conflict), StringComparison.Ordinal);

        Assert.Equal(before, await File.ReadAllTextAsync(supervisor.OverlayFile));
        Assert.Empty(Directory.GetFiles(supervisor.StateDirectory, "*.tmp"));
    }

    [Fact]
    public async Task Change_StateDirectoryCannotBeWritten_Is500AndNothingIsDone()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        Directory.CreateDirectory(Path.Combine(supervisor.OverlayFile, "in the way"));

        Assert.Contains("could not be kept", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}"""), HttpStatusCode.InternalServerError), StringComparison.Ordinal);
        Assert.Empty(supervisor.Fleet.Calls);
        Assert.Empty(Directory.GetFiles(supervisor.StateDirectory, "*.tmp"));
    }

    [Fact]
    public async Task Delete_Daemon_AnswersTheStopReportAndStaysOut()
    {
        await using var supervisor = await RunningSupervisor.StartAsync(new DaemonSpec { Name = "beta", Port = 9005 });

        var response = await supervisor.SendAsync(HttpMethod.Delete, "/api/daemons/Beta");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var report = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(("beta", "stopped"), (report.RootElement.GetProperty("name").GetString(), report.RootElement.GetProperty("verdict").GetString()));
        await ProblemAssert.IsAsync(await supervisor.Client.GetAsync("/api/daemons/beta"), HttpStatusCode.NotFound);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Delete, "/api/daemons/beta"), HttpStatusCode.NotFound);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(supervisor.OverlayFile));
        Assert.Equal("beta", Assert.Single(json.RootElement.GetProperty("removed").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task Delete_DaemonThatWasPut_LeavesNoTrace()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}""");

        Assert.Equal(HttpStatusCode.OK, (await supervisor.SendAsync(HttpMethod.Delete, "/api/daemons/web")).StatusCode);

        Assert.DoesNotContain("web", await File.ReadAllTextAsync(supervisor.OverlayFile), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}""")).StatusCode);
    }

    [Theory]
    [InlineData("DELETE", "")]
    [InlineData("POST", "/revert")]
    public async Task Change_UnknownDaemon_Is404AndNothingIsDone(string method, string action)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        Assert.Contains("'gamma'", await ProblemAssert.IsAsync(await supervisor.SendAsync(new HttpMethod(method), $"/api/daemons/gamma{action}"), HttpStatusCode.NotFound), StringComparison.Ordinal);
        AssertUntouched(supervisor);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Revert_ChangedOrRemoved_IsAsConfiguredAgain(string method)
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(new HttpMethod(method), "/api/daemons/alpha", method == "PUT" ? """{"port": 9100}""" : null);

        var response = await supervisor.SendAsync(HttpMethod.Post, "/api/daemons/alpha/revert");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(9001, Assert.Single(supervisor.Fleet.Specs).Port);
        Assert.DoesNotContain("alpha", await File.ReadAllTextAsync(supervisor.OverlayFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revert_DaemonThatTheConfigurationDoesNotHave_Is409()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100}""");

        Assert.Contains("DELETE", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Post, "/api/daemons/web/revert"), HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Equal(2, supervisor.Fleet.Specs.Count);
    }

    [Fact]
    public async Task Revert_PortIsAnothersByNow_Is409AndNothingIsDone()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/alpha", """{"port": 9100}""");
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9001}""");

        Assert.Contains("9001", await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Post, "/api/daemons/alpha/revert"), HttpStatusCode.Conflict), StringComparison.Ordinal);
        Assert.Equal([9100, 9001], supervisor.Fleet.Specs.Select(s => s.Port));
    }

    [Fact]
    public async Task GetDefinition_ConfiguredAndPut_SaysWhoSaidSoAndCanBePutAgain()
    {
        await using var supervisor = await RunningSupervisor.StartAsync(Attached);
        await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/web", """{"port": 9100, "arguments": ["{port}"], "command": "x", "environment": {"GONE": null}, "restart": {"mode": "Never"}}""");

        Assert.Equal("configuration", (await Definition("alpha")).GetProperty("source").GetString());
        Assert.Equal("Attached", (await Definition("aspires")).GetProperty("definition").GetProperty("launch").GetString());
        var web = await Definition("WEB");
        Assert.Equal("rest-api", web.GetProperty("source").GetString());
        Assert.Equal("Never", web.GetProperty("definition").GetProperty("restart").GetProperty("mode").GetString());
        Assert.Equal(JsonValueKind.Null, web.GetProperty("definition").GetProperty("environment").GetProperty("GONE").ValueKind);
        foreach (var name in (string[])["alpha", "web"])
        {
            var before = await Definition(name);
            var answer = await supervisor.SendAsync(HttpMethod.Put, $"/api/daemons/{name}", before.GetProperty("definition").GetRawText());
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(before.GetProperty("definition").GetRawText(), (await Definition(name)).GetProperty("definition").GetRawText());
        }

        async Task<JsonElement> Definition(string name)
            => JsonDocument.Parse(await (await supervisor.SendAsync(HttpMethod.Get, $"/api/daemons/{name}/definition")).Content.ReadAsStringAsync()).RootElement;
    }

    [Fact]
    public async Task GetDefinition_WithoutTokenOrDaemon_IsRefused()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/alpha/definition", token: ""), HttpStatusCode.Unauthorized);
        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/gamma/definition"), HttpStatusCode.NotFound);
    }

    private static void AssertUntouched(RunningSupervisor supervisor)
    {
        Assert.Empty(supervisor.Fleet.Calls);
        Assert.False(File.Exists(supervisor.OverlayFile));
        Assert.Empty(Directory.GetFiles(supervisor.StateDirectory, "*.tmp"));
    }
}
