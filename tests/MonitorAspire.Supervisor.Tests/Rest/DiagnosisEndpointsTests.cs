using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Tests.Hosting;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Rest;

public class DiagnosisEndpointsTests
{
    [Fact]
    public async Task Get_Diagnosis_IsMarkdownUnlessJsonIsAskedFor()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        using var markdown = await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/ALPHA/diagnosis");
        using var browser = await GetAsync(supervisor, "text/html, application/json;q=0.5, text/markdown;q=0.9, */*");
        using var json = await GetAsync(supervisor, "application/json");

        Assert.Equal("text/markdown; charset=utf-8", markdown.Content.Headers.ContentType!.ToString());
        Assert.StartsWith("# alpha: Running\n", await markdown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("text/markdown", browser.Content.Headers.ContentType!.MediaType);
        var diagnosis = await json.Content.ReadFromJsonAsync(SupervisionJson.Default.DaemonDiagnosis);
        Assert.Equal(("alpha", 9001, 4), (diagnosis!.Daemon.Name, diagnosis.Inspection!.Port, diagnosis.Files.Count));
    }

    [Fact]
    public async Task Get_DiagnosisOfUnknownDaemon_Is404()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.SendAsync(HttpMethod.Get, "/api/daemons/beta/diagnosis"), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Post_ResetWithoutToken_Is401()
    {
        await using var supervisor = await RunningSupervisor.StartAsync();

        await ProblemAssert.IsAsync(await supervisor.PostAsync("/api/daemons/alpha/reset", token: "wrong"), HttpStatusCode.Unauthorized);
        Assert.Empty(supervisor.Fleet.Calls);
    }

    [Fact]
    public async Task Get_DiagnosisOfARealCrashLoop_SaysWhyAndWhatToDoAndResetTriesAgain()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the daemon is a shell script");
        using var state = new TemporaryDirectory();
        var (port, daemonPort) = (FreePort.Next(), FreePort.Next());
        await using var supervisor = SupervisorProcess.Start(
            port,
            state.Path,
            [
                "--Monitors:Daemons:0:Name=broken",
                $"--Monitors:Daemons:0:Port={daemonPort}",
                "--Monitors:Daemons:0:Command=/bin/sh",
                "--Monitors:Daemons:0:Arguments:0=-c",
                "--Monitors:Daemons:0:Arguments:1=echo 'the key | is `missing`'; echo '```'; exit 3",
                "--Monitors:Daemons:0:Restart:InitialDelay=00:00:00.010",
            ],
            ("DATABASE_PASSWORD", "hunter2"));
        await Wait.UntilAsync(async () => await StateAsync() == DaemonState.CrashLooping, "the crash loop");

        var text = await supervisor.GetAsync("/api/daemons/broken/diagnosis", state.Path);

        Assert.StartsWith("# broken: CrashLooping\n", text, StringComparison.Ordinal);
        Assert.Contains("Fix what its last output complains about", text, StringComparison.Ordinal);
        Assert.Contains("| Exit code | 3 |", text, StringComparison.Ordinal);
        Assert.Contains("````text\nthe key | is `missing`\n```\n````", text, StringComparison.Ordinal);
        Assert.Contains("crash-loop |", text, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(state.Path, $"monitor-daemon-{daemonPort.ToString(CultureInfo.InvariantCulture)}.log"), text.Replace("\\", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);

        var reset = await ResetAsync(port, await File.ReadAllTextAsync(new SupervisorFiles(state.Path, port).Token));

        Assert.Equal((DaemonState.Starting, 0), (reset.State, reset.ConsecutiveFailures));
        Assert.DoesNotContain(Supervision.Daemons.AlertKind.CrashLoop, reset.Alerts);

        async Task<DaemonState?> StateAsync()
        {
            try
            {
                return (await supervisor.DaemonsAsync())[0].State;
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }
    }

    private static async Task<DaemonSnapshot> ResetAsync(int port, string token)
    {
        using var client = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")), Timeout = Wait.Generous };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        using var response = await client.PostAsync("/api/daemons/broken/reset", null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync(SupervisionJson.Default.DaemonSnapshot))!;
    }

    private static Task<HttpResponseMessage> GetAsync(RunningSupervisor supervisor, string accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/daemons/alpha/diagnosis");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", supervisor.Token);
        return supervisor.Client.SendAsync(request);
    }
}
