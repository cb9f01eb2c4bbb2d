using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using MonitorAspire.AppHost.Tests.Browser;
using MonitorAspire.AppHost.Tests.Distributed;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.AppHost.Tests.Up;

/// <summary>The sample of a database, an API and a worker, with real processes under <c>monitor up</c>.</summary>
public sealed class ShopTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Wait.Generous };
    private readonly int _port = FreePort.Consecutive(4);

    private int Redis => _port + 1;

    private int Api => _port + 2;

    private int Worker => _port + 3;

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Up_Sample_ComesUpInOrderSurvivesEachDeathAndStopsInReverse()
    {
        HeadlessChromium.Need(IsOnPath("redis-server") && IsOnPath("redis-cli") && IsOnPath("python3"), "redis-server, redis-cli and python3 are needed");
        var environment = new Dictionary<string, string?>
        {
            ["Monitors__Daemons__0__Port"] = Text(Worker),
            ["Monitors__Daemons__0__Environment__REDIS_PORT"] = Text(Redis),
            ["Monitors__Daemons__1__Port"] = Text(Api),
            ["Monitors__Daemons__1__Environment__REDIS_PORT"] = Text(Redis),
            ["Monitors__Daemons__2__Port"] = Text(Redis),
        };
        await using var up = RunningUp.StartProcess(
            environment, "--config", "samples/shop.json", "--supervisor-port", Text(_port), "--state-dir", _directory["state"], "--json");

        // In order. The worker has done what the API has taken.
        var daemons = await RunningAsync();
        Assert.All(["api", "worker"], name => Assert.True(daemons[name].StartedAt >= daemons["redis"].VerifiedAt, $"{name} was started before redis was verified"));
        Assert.Equal(["redis"], daemons["api"].DependsOn);
        await OrderAsync(done: 1);

        // The API dies: it alone is restarted.
        Signals.Send(daemons["api"].Pid!.Value, "KILL");
        var after = await RunningAsync(d => d["api"].Restarts == 1);
        Assert.Equal((daemons["redis"].Pid, daemons["worker"].Pid), (after["redis"].Pid, after["worker"].Pid));
        await OrderAsync(done: 2);

        // The worker dies: it alone is restarted.
        Signals.Send(daemons["worker"].Pid!.Value, "KILL");
        after = await RunningAsync(d => d["worker"].Restarts == 1);
        Assert.Equal(daemons["redis"].Pid, after["redis"].Pid);
        await OrderAsync(done: 3);

        // Redis dies: it is restarted, the worker is restarted for it, and the API goes on.
        var (worker, api) = (after["worker"].Pid, after["api"].Pid);
        Signals.Send(daemons["redis"].Pid!.Value, "KILL");
        after = await RunningAsync(d => d["redis"].Restarts == 1 && d["worker"].Restarts == 2);
        Assert.NotEqual(worker, after["worker"].Pid);
        Assert.Equal(api, after["api"].Pid);
        await OrderAsync(done: 1);

        up.Signal("INT");
        Assert.Equal(0, await up.ExitCodeAsync());
        using var events = JsonDocument.Parse(string.Join('\n', up.Output.Split('\n').Where(line => !line.StartsWith('!'))));
        var ended = events.RootElement.EnumerateArray().Select(e => e.Deserialize(SupervisionJson.Default.FleetEvent)!)
            .Where(e => e.Kind == FleetEventKind.StateChanged && e.Daemon.State is DaemonState.Stopped or DaemonState.Stopping)
            .Select(e => (e.Daemon.Name, e.Daemon.State)).ToList();
        var redisBegins = ended.LastIndexOf(("redis", DaemonState.Stopping));
        Assert.All(["api", "worker"], name => Assert.InRange(ended.LastIndexOf((name, DaemonState.Stopped)), 0, redisBegins));
        Assert.All([Redis, Api, Worker], port => Assert.True(FreePort.IsFree(port)));
    }

    private async Task OrderAsync(int done)
    {
        // The API connects to Redis for each request; right after a restart of Redis the first one may fail.
        await Wait.UntilAsync(async () => (await TryAsync(() => _http.PostAsync(Url("/orders"), null))) is { IsSuccessStatusCode: true }, "the order is taken");
        await Wait.UntilAsync(async () => JsonDocument.Parse(await _http.GetStringAsync(Url("/orders"))).RootElement.GetProperty("done").GetInt32() == done, "the order is done");
    }

    private static async Task<HttpResponseMessage?> TryAsync(Func<Task<HttpResponseMessage>> ask)
    {
        try
        {
            return await ask();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyDictionary<string, DaemonSnapshot>> RunningAsync(Func<IReadOnlyDictionary<string, DaemonSnapshot>, bool>? condition = null)
    {
        IReadOnlyDictionary<string, DaemonSnapshot> daemons = new Dictionary<string, DaemonSnapshot>();
        await Wait.UntilAsync(
            async () =>
            {
                daemons = await DaemonsAsync();
                return daemons.Count == 3 && daemons.Values.All(d => d.State == DaemonState.Running) && (condition is null || condition(daemons));
            },
            "the fleet");
        return daemons;
    }

    private async Task<IReadOnlyDictionary<string, DaemonSnapshot>> DaemonsAsync()
    {
        try
        {
            return (await _http.GetFromJsonAsync($"http://127.0.0.1:{Text(_port)}/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot))!.ToDictionary(d => d.Name);
        }
        catch (HttpRequestException)
        {
            // The supervisor does not listen yet.
            return new Dictionary<string, DaemonSnapshot>();
        }
    }

    private Uri Url(string path) => new($"http://127.0.0.1:{Text(Api)}{path}");

    private static bool IsOnPath(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => d.Length > 0 && File.Exists(Path.Combine(d, program)));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
