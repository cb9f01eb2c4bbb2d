using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Samples.Tests;

/// <summary>The sample of a database, an API and a worker on free ports, seen through its supervisor and its API. Aspire or <c>monitor up</c> may run it.</summary>
internal sealed class ShopFleet : IDisposable
{
    private static readonly string[] Programs = ["redis-server", "redis-cli", "python3"];

    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Wait.Generous };

    public ShopFleet()
    {
        SupervisorPort = FreePort.Consecutive(4);
        string[] missing = [.. Programs.Where(program => !IsOnPath(program))];

        // The gate has them.
        if (Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") == "1")
        {
            Assert.Empty(missing);
        }

        Assert.SkipWhen(missing.Length > 0 || OperatingSystem.IsWindows(), $"{string.Join(", ", missing)} missing");
    }

    public int SupervisorPort { get; }

    public int Redis => SupervisorPort + 1;

    public int Api => SupervisorPort + 2;

    public int Worker => SupervisorPort + 3;

    public string StateDirectory => _directory["state"];

    /// <summary>The settings of this run, by their key in the configuration.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Monitors:Daemons:0:Port"] = Text(Worker),
        ["Monitors:Daemons:0:Environment:REDIS_PORT"] = Text(Redis),
        ["Monitors:Daemons:1:Port"] = Text(Api),
        ["Monitors:Daemons:1:Environment:REDIS_PORT"] = Text(Redis),
        ["Monitors:Daemons:2:Port"] = Text(Redis),
    };

    /// <summary>Checks that each daemon comes back when it is killed, and which others are restarted with it.</summary>
    /// <param name="kill">Kills a process with SIGKILL.</param>
    public async Task AssertSurvivesEachDeathAsync(Action<int> kill)
    {
        // The worker has done what the API has taken.
        var before = await RunningAsync();
        Assert.Equal(["redis"], before["api"].DependsOn);
        await OrderAsync(done: 1);

        // The API dies: it alone is restarted.
        kill(before["api"].Pid!.Value);
        var after = await RunningAsync(d => d["api"].Restarts == 1);
        Assert.Equal((before["redis"].Pid, before["worker"].Pid), (after["redis"].Pid, after["worker"].Pid));
        await OrderAsync(done: 2);

        // The worker dies: it alone is restarted.
        kill(before["worker"].Pid!.Value);
        after = await RunningAsync(d => d["worker"].Restarts == 1);
        Assert.Equal(before["redis"].Pid, after["redis"].Pid);
        await OrderAsync(done: 3);

        // Redis dies: it is restarted, the worker is restarted for it, and the API goes on.
        var (worker, api) = (after["worker"].Pid, after["api"].Pid);
        kill(before["redis"].Pid!.Value);
        after = await RunningAsync(d => d["redis"].Restarts == 1 && d["worker"].Restarts == 2);
        Assert.NotEqual(worker, after["worker"].Pid);
        Assert.Equal(api, after["api"].Pid);
        await OrderAsync(done: 1);
    }

    /// <summary>Waits until all daemons are running.</summary>
    public async Task<IReadOnlyDictionary<string, DaemonSnapshot>> RunningAsync(Func<IReadOnlyDictionary<string, DaemonSnapshot>, bool>? condition = null)
    {
        IReadOnlyDictionary<string, DaemonSnapshot> daemons = new Dictionary<string, DaemonSnapshot>();
        try
        {
            await Wait.UntilAsync(
                async () =>
                {
                    daemons = await DaemonsAsync();
                    return daemons.Count == 3 && daemons.Values.All(d => d.State == DaemonState.Running) && (condition is null || condition(daemons));
                },
                "the fleet");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: {string.Join("; ", daemons.Values.Select(d => $"{d.Name} {d.State}, {d.Restarts} restarts, {d.LastFailure}"))}", e);
        }

        return daemons;
    }

    public void Dispose()
    {
        _http.Dispose();
        _directory.Dispose();
    }

    private async Task OrderAsync(int done)
    {
        // The API connects to Redis for each request; right after a restart of Redis the first one may fail.
        await Wait.UntilAsync(async () => await TryAsync(() => _http.PostAsync(Url("/orders"), null)) is { IsSuccessStatusCode: true }, "the order is taken");
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

    private async Task<IReadOnlyDictionary<string, DaemonSnapshot>> DaemonsAsync()
    {
        try
        {
            return (await _http.GetFromJsonAsync($"http://127.0.0.1:{Text(SupervisorPort)}/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot))!.ToDictionary(d => d.Name);
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
