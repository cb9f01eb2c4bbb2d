using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Aspire;

public class DistributedFleetTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Start_TwoDaemons_AreVerifiedByTheAttachedSupervisorAndGoneAfterwards()
    {
        using var directory = new TemporaryDirectory();
        using var limit = new CancellationTokenSource(Limit);
        var supervisorPort = FreePort.Consecutive(3);
        int[] ports = [supervisorPort + 1, supervisorPort + 2];

        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.MonitorAspire_AppHost>(
            ["--count", "2", "--base-port", Text(ports[0]), "--supervisor-port", Text(supervisorPort), "--state-dir", directory["state"]], limit.Token);
        var app = await builder.BuildAsync(limit.Token);
        await using (app)
        {
            await app.StartAsync(limit.Token);
            using var http = new HttpClient();
            foreach (var port in ports)
            {
                await app.ResourceNotifications.WaitForResourceHealthyAsync($"monitor-{port}", limit.Token);
                var health = await http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{port}/health", limit.Token);
                var pid = health.GetProperty("pid").GetInt32();
                Assert.Equal(port, health.GetProperty("port").GetInt32());
                Assert.Equal($"{pid}\n", await File.ReadAllTextAsync(new DaemonFiles(directory["state"], port).PidFile, limit.Token));
            }

            await app.ResourceNotifications.WaitForResourceHealthyAsync("monitor-supervisor", limit.Token);
            await Wait.UntilAsync(async () => await StatesAsync(http, supervisorPort) is ["Running", "Running"], "both daemons running for the supervisor");
        }

        await Wait.UntilAsync(() => ports.Append(supervisorPort).All(FreePort.IsFree), "all ports free after the application stopped");
        Assert.Empty(Directory.EnumerateFiles(directory["state"], "*.pid"));
    }

    private static async Task<string?[]> StatesAsync(HttpClient http, int supervisorPort)
    {
        var daemons = await http.GetFromJsonAsync<List<JsonElement>>($"http://127.0.0.1:{supervisorPort}/api/daemons");
        return [.. daemons!.Select(d => d.GetProperty("state").GetString())];
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
