using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using MonitorAspire.Supervision;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Testing;
using MonitorAspire.Testing.Telemetry;

namespace MonitorAspire.AppHost.Tests.Distributed;

/// <summary>A running distributed application, seen from outside: REST API and events of the supervisor, health, files, processes, ports, telemetry.</summary>
public sealed class DistributedFleet : IAsyncDisposable
{
    /// <summary>Time limit of every wait. Only a failing test waits this long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly IRunningAppHost _host;
    private readonly HttpClient _http;

    private DistributedFleet(FleetArguments arguments, OtlpReceiver telemetry, IRunningAppHost host)
    {
        Arguments = arguments;
        Telemetry = telemetry;
        _host = host;

        // No proxy, because all addresses are on this machine. The waits have their own time limit.
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{arguments.SupervisorPort}"),
            Timeout = Limit,
        };
        Events = new FleetEvents(_http);
    }

    /// <summary>Ports and directory.</summary>
    public FleetArguments Arguments { get; }

    /// <summary>Receives all its telemetry.</summary>
    public OtlpReceiver Telemetry { get; }

    /// <summary>The supervisor's event stream.</summary>
    public FleetEvents Events { get; }

    /// <summary>Starts an application.</summary>
    /// <param name="count">Number of daemons.</param>
    /// <param name="prepare">Runs before the application starts, for example to occupy a port.</param>
    public static async Task<DistributedFleet> StartAsync<TEngine>(int count, Func<FleetArguments, Task>? prepare = null)
        where TEngine : IFleetEngine
    {
        var arguments = new FleetArguments(count);
        var telemetry = await OtlpReceiver.StartAsync();
        try
        {
            await (prepare?.Invoke(arguments) ?? Task.CompletedTask);
            using var limit = new CancellationTokenSource(Limit);
            return new DistributedFleet(arguments, telemetry, await TEngine.StartAsync(arguments, telemetry, limit.Token));
        }
        catch
        {
            await telemetry.DisposeAsync();
            arguments.Dispose();
            throw;
        }
    }

    /// <summary>The daemons; none while the supervisor does not answer.</summary>
    public async Task<IReadOnlyList<DaemonSnapshot>> DaemonsAsync()
    {
        try
        {
            return (await _http.GetFromJsonAsync("/api/daemons", SupervisionJson.Default.IReadOnlyListDaemonSnapshot))!;
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    /// <summary>Waits until every daemon is running, and returns them.</summary>
    public async Task<IReadOnlyList<DaemonSnapshot>> AllRunningAsync()
    {
        IReadOnlyList<DaemonSnapshot> daemons = [];
        await UntilAsync(
            async () => (daemons = await DaemonsAsync()).Count == Arguments.Count && daemons.All(d => d.State == DaemonState.Running),
            $"{Arguments.Count} running daemons");
        return daemons;
    }

    /// <summary>Waits until a daemon fulfils a condition, and returns it.</summary>
    public async Task<DaemonSnapshot> UntilAsync(string name, Func<DaemonSnapshot, bool> condition, string what)
    {
        DaemonSnapshot? daemon = null;
        await UntilAsync(
            async () => (daemon = (await DaemonsAsync()).FirstOrDefault(d => d.Name == name)) is not null && condition(daemon),
            $"{name} {what}");
        return daemon!;
    }

    /// <summary>Waits until an instance of a daemon other than the given one is running.</summary>
    public Task<DaemonSnapshot> RunningAgainAsync(string name, int? oldPid)
        => UntilAsync(name, d => d.State == DaemonState.Running && d.Pid is { } pid && pid != oldPid, $"running with another PID than {oldPid}");

    /// <summary>Waits until an event has been seen.</summary>
    public Task EventAsync(string daemon, Func<FleetEvent, bool> wanted, string what)
        => UntilAsync(() => Task.FromResult(Events.Of(daemon).Any(wanted)), $"the event of {daemon}: {what}");

    /// <summary>Waits for a condition. On a timeout the exception describes daemons, events and output.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        try
        {
            await Wait.UntilAsync(condition, what, Limit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{await DescribeAsync()}", e);
        }
    }

    /// <summary>The answer of a daemon's <c>/health</c>.</summary>
    public Task<JsonElement> HealthAsync(int port) => _http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{port}/health");

    /// <summary>The supervisor's PID, or <see langword="null"/> while it does not answer.</summary>
    public async Task<int?> SupervisorPidAsync()
    {
        try
        {
            return (await HealthAsync(Arguments.SupervisorPort)).GetProperty("pid").GetInt32();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The PID file of the daemon on a port.</summary>
    public Task<string> PidFileAsync(int port) => File.ReadAllTextAsync(new DaemonFiles(Arguments.StateDirectory, port).PidFile);

    /// <summary>Asks the supervisor to start a daemon, and returns the report.</summary>
    public async Task<StartupReport> PostStartAsync(string name)
    {
        var token = await File.ReadAllTextAsync(new SupervisorFiles(Arguments.StateDirectory, Arguments.SupervisorPort).Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/daemons/{name}/start");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize(body, SupervisionJson.Default.StartupReport)!
            : throw new InvalidOperationException($"{(int)response.StatusCode} for the start of {name}: {body}\n{await DescribeAsync()}");
    }

    /// <summary>Stops the application.</summary>
    public async Task StopAsync()
    {
        await Events.DisposeAsync();
        using var limit = new CancellationTokenSource(Limit);
        await _host.StopAsync(limit.Token);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Events.DisposeAsync();
        await _host.DisposeAsync();
        _http.Dispose();
        await Telemetry.DisposeAsync();
        Arguments.Dispose();
    }

    private async Task<string> DescribeAsync()
    {
        var daemons = (await DaemonsAsync()).Select(d => string.Create(
            CultureInfo.InvariantCulture,
            $"  {d.Name}: {d.State} {d.Stage}, PID {d.Pid}, restarts {d.Restarts}, last failure: {d.LastFailure?.Reason} {d.LastFailure?.Detail}"));
        var events = Events.Seen.TakeLast(30).Select(e => string.Create(
            CultureInfo.InvariantCulture, $"  {e.At:HH:mm:ss.fff} {e.Daemon.Name} {e.Kind} {e.Daemon.State} {e.Daemon.Stage} PID {e.Daemon.Pid} {e.Message}"));
        var output = _host.Output.Split('\n').TakeLast(60);
        return $"Daemons:\n{string.Join('\n', daemons)}\nLast events:\n{string.Join('\n', events)}\nOutput:\n{string.Join('\n', output)}";
    }
}
