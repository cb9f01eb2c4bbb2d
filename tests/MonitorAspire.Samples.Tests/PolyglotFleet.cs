using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Testing;

namespace MonitorAspire.Samples.Tests;

/// <summary>The sample's fleet on free ports, seen through its supervisor and its servers. Aspire or <c>monitor up</c> may run it.</summary>
internal sealed class PolyglotFleet : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new() { Timeout = Wait.Generous };

    public PolyglotFleet()
    {
        SupervisorPort = FreePort.Consecutive(3);
        Servers =
        [
            new Server(0, "python-server", "python3", "hello from Python", SupervisorPort + 1),
            new Server(1, "node-server", "node", "hello from Node", SupervisorPort + 2),
        ];
        Present = [.. Servers.Where(s => IsOnPath(s.Command))];

        // The gate needs both. Elsewhere one is enough.
        if (Environment.GetEnvironmentVariable("MONITOR_REQUIRE_BROWSER") == "1")
        {
            Assert.Equal(Servers, Present);
        }

        Assert.SkipWhen(Present.Count == 0 || OperatingSystem.IsWindows(), "the test needs python3 or node, and Unix signals");
    }

    public int SupervisorPort { get; }

    public string StateDirectory => _directory["state"];

    public IReadOnlyList<Server> Servers { get; }

    /// <summary>The servers that this machine can run.</summary>
    public IReadOnlyList<Server> Present { get; }

    /// <summary>
    /// Checks that each server is verified and serves, and that a killed server comes back as another process while the other server
    /// keeps running.
    /// </summary>
    /// <param name="kill">Kills a process with SIGKILL.</param>
    public async Task AssertSupervisedAsync(Action<int> kill)
    {
        var before = await RunningAsync();
        foreach (var server in Present)
        {
            Assert.Equal(server.Greeting, (await _client.GetStringAsync(server.Url("/"))).Trim());
            using var health = JsonDocument.Parse(await _client.GetStringAsync(server.Url("/health")));
            Assert.Equal(server.Port, health.RootElement.GetProperty("port").GetInt32());
            Assert.Equal(before[server.Name].Pid, health.RootElement.GetProperty("pid").GetInt32());
        }

        foreach (var server in Present)
        {
            before = await RunningAsync();
            kill(before[server.Name].Pid!.Value);
            await Wait.UntilAsync(async () => (await DaemonsAsync())[server.Name] is { State: DaemonState.Running, Restarts: 1 }, $"the restart of {server.Name}");

            var after = await RunningAsync();
            Assert.NotEqual(before[server.Name].Pid, after[server.Name].Pid);
            Assert.All(Present.Where(s => s != server), s => Assert.Equal(before[s.Name].Pid, after[s.Name].Pid));
            Assert.Equal(server.Greeting, (await _client.GetStringAsync(server.Url("/"))).Trim());
        }
    }

    /// <summary>Waits until all servers that this machine can run are running.</summary>
    public async Task<IReadOnlyDictionary<string, DaemonSnapshot>> RunningAsync()
    {
        IReadOnlyDictionary<string, DaemonSnapshot> daemons = new Dictionary<string, DaemonSnapshot>();
        try
        {
            await Wait.UntilAsync(
                async () => (daemons = await DaemonsAsync()).Count > 0 && Present.All(s => daemons[s.Name] is { State: DaemonState.Running, Pid: not null }), "the servers");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}: {string.Join("; ", daemons.Values.Select(d => $"{d.Name} {d.State} {d.LastFailure}"))}", e);
        }

        return daemons;
    }

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    private async Task<IReadOnlyDictionary<string, DaemonSnapshot>> DaemonsAsync()
    {
        try
        {
            var daemons = await _client.GetFromJsonAsync(
                new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{SupervisorPort}/api/daemons")), SupervisionJson.Default.IReadOnlyListDaemonSnapshot);
            return daemons!.ToDictionary(d => d.Name);
        }
        catch (HttpRequestException)
        {
            // The supervisor does not listen yet.
            return new Dictionary<string, DaemonSnapshot>();
        }
    }

    private static bool IsOnPath(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => d.Length > 0 && File.Exists(Path.Combine(d, program)));

    /// <summary>One of the sample's servers.</summary>
    /// <param name="Index">Its place in the configuration.</param>
    /// <param name="Name">The daemon's name.</param>
    /// <param name="Command">The program that runs it.</param>
    /// <param name="Greeting">Its answer to <c>GET /</c>.</param>
    /// <param name="Port">Its port in this run.</param>
    internal sealed record Server(int Index, string Name, string Command, string Greeting, int Port)
    {
        public Uri Url(string path) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}{path}"));
    }
}
