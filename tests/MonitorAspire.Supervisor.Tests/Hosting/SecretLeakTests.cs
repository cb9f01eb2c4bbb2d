using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.Supervisor.Tests.Hosting;

/// <summary>Secrets of a daemon's definition are in none of the supervisor's outputs, also not where the daemon prints them itself.</summary>
public sealed class SecretLeakTests : IDisposable
{
    private const string Marker = "marker-7f3a";
    private const string ApiKey = "0123456789abcdef0123456789abcdef";

    private readonly TemporaryDirectory _directory = new();
    private readonly int _port = FreePort.Next();
    private readonly int _basePort = FreePort.Consecutive(3);

    public SecretLeakTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the daemon is a shell script");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task AllOutputs_OfADaemonThatPrintsItsSecrets_HaveNoneOfThem()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        var resources = FreePort.Next();
        await File.WriteAllTextAsync(_directory["monitors.json"], Configuration());
        await using var supervisor = SupervisorProcess.Start(
            _port,
            _directory["state"],
            ["--config", _directory["monitors.json"]],
            [
                .. collector.Environment.Select(e => (e.Key, e.Value)),
                ("MONITOR_RESOURCE_SERVICE_URL", $"http://127.0.0.1:{resources}"),
                ("MONITOR_RESOURCE_SERVICE_API_KEY", ApiKey),
                ("INHERITED_NAME", $"{Marker}-inherited"),
            ]);
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    var daemons = await supervisor.DaemonsAsync();
                    return daemons.Any(d => d is { Name: "printer", LastFailure: not null }) && daemons.Any(d => d is { Name: "server", State: Supervision.Daemons.DaemonState.Running });
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "one daemon has failed and one runs");
        await Wait.UntilAsync(() => collector.Spans.Any(s => s.Name.StartsWith("monitor.startup", StringComparison.Ordinal)), "traces");

        var outputs = new Dictionary<string, string>
        {
            ["log"] = string.Join('\n', supervisor.Output.Concat(supervisor.Errors)),
            ["traces"] = string.Join('\n', collector.Spans.Select(s => s.ToString() + string.Join(';', s.Attributes))),
            ["events"] = await EventsAsync(supervisor),
            ["dashboard"] = await DashboardAsync(resources),
            ["history"] = string.Concat(Directory.GetFiles(_directory["state"], "supervisor*history*").Select(File.ReadAllText)),
        };
        foreach (var path in (string[])["", "/printer", "/server", "/printer/diagnosis", "/server/diagnosis", "/printer/definition", "/server/definition"])
        {
            outputs[path] = await supervisor.GetAsync("/api/daemons" + path, _directory["state"]);
        }

        outputs["summary"] = await supervisor.GetAsync("/api/fleet/summary", _directory["state"]);
        Assert.All(outputs, output => Assert.False(output.Value.Contains(Marker, StringComparison.Ordinal), $"{output.Key}: {Around(output.Value)}"));

        // The outputs are those of the right daemons: what the daemon printed is there, with masks in it.
        Assert.Contains("said ***", outputs["/printer"]);
        Assert.Contains("said ***", outputs["/printer/diagnosis"].Replace("\\", "", StringComparison.Ordinal));
        Assert.Contains("--api-key", outputs["dashboard"]);
    }

    [Fact]
    public async Task Put_DefinitionWithMasks_KeepsTheStoredSecrets()
    {
        await File.WriteAllTextAsync(_directory["monitors.json"], Configuration());
        await using var supervisor = SupervisorProcess.Start(_port, _directory["state"], ["--config", _directory["monitors.json"]]);
        await Wait.UntilAsync(
            async () =>
            {
                try
                {
                    return (await supervisor.DaemonsAsync()).Any(d => d is { Name: "server", State: Supervision.Daemons.DaemonState.Running });
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "it runs");

        var definition = System.Text.Json.JsonDocument.Parse(await supervisor.GetAsync("/api/daemons/server/definition", _directory["state"])).RootElement.GetProperty("definition").GetRawText();
        using var answer = await supervisor.SendAsync(HttpMethod.Put, "/api/daemons/server", _directory["state"], definition);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        var saved = await File.ReadAllTextAsync(new SupervisorFiles(_directory["state"], supervisor.Port).Daemons);
        Assert.Contains($"{Marker}-environment", saved);
        Assert.Contains($"{Marker}-plain", saved);
        Assert.Contains($"--other-token={Marker}-argument", saved);
    }

    private static string Around(string text)
    {
        var at = text.IndexOf(Marker, StringComparison.Ordinal);
        return at < 0 ? "" : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 50)];
    }

    private string Configuration() => $$$"""
        {"Monitors":{"Daemons":[
          {"Name":"printer","Port":{{{Text(_basePort)}}},"Command":"sh","SecretEnvironment":["PLAIN","INHERITED_NAME"],
           "Environment":{"DB_PASSWORD":"{{{Marker}}}-environment","PLAIN":"{{{Marker}}}-plain"},
           "Arguments":["-c","for v in \"$DB_PASSWORD\" \"$PLAIN\" \"$INHERITED_NAME\" \"$@\"; do echo \"said $v\"; done; exit 3",
             "sh","--api-key","{{{Marker}}}-key","--password={{{Marker}}}-password","postgres://joe:{{{Marker}}}-url@db/x"]},
          {"Name":"server","Port":{{{Text(_basePort + 1)}}},"Command":"sh","SecretEnvironment":["PLAIN"],
           "Environment":{"DB_PASSWORD":"{{{Marker}}}-environment","PLAIN":"{{{Marker}}}-plain"},
           "Arguments":["-c","exec \"$0\" --port $1 --host $2 --state-dir $3","{{{Path.Combine(AppContext.BaseDirectory, "monitor-aspire-daemon")}}}",
             "{port}","{host}","{statedir}","--other-token={{{Marker}}}-argument"]}
        ]}}
        """;

    private async Task<string> EventsAsync(SupervisorProcess supervisor)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{supervisor.Port}") };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        request.Headers.Add("Last-Event-ID", "0");
        var token = await File.ReadAllTextAsync(new SupervisorFiles(_directory["state"], supervisor.Port).Token);
        request.Headers.Authorization = new("Bearer", token.Trim());
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var text = new System.Text.StringBuilder();
        while (!text.ToString().Contains("start-failed", StringComparison.Ordinal) || !text.ToString().Contains("start-verified", StringComparison.Ordinal))
        {
            text.AppendLine(await reader.ReadLineAsync().WaitAsync(Wait.Generous));
        }

        return text.ToString();
    }

    private static async Task<string> DashboardAsync(int port)
    {
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        var headers = new Metadata { { "x-resource-service-api-key", ApiKey } };
        using var watch = new DashboardService.DashboardServiceClient(channel).WatchResources(new WatchResourcesRequest(), headers);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Wait.Generous));
        return watch.ResponseStream.Current.ToString();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
