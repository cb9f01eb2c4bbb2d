using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;
using MonitorAspire.Supervision.Files;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Launcher;
using MonitorAspire.Supervisor.Fleet;
using MonitorAspire.Supervisor.Hosting;
using MonitorAspire.Supervisor.Launcher;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests;

/// <summary>The supervisor's REST API on a free port, over a fleet in memory.</summary>
internal sealed class RunningSupervisor : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TemporaryDirectory _directory;

    private RunningSupervisor(WebApplication app, TemporaryDirectory directory, FakeFleet fleet, int port)
    {
        _app = app;
        _directory = directory;
        Fleet = fleet;
        Port = port;
        Token = File.ReadAllText(Files.Token).Trim();
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Wait.Generous };
    }

    public FakeFleet Fleet { get; }

    public int Port { get; }

    public string Token { get; }

    /// <summary>A client without the token.</summary>
    public HttpClient Client { get; }

    public LauncherController Launcher => _app.Services.GetRequiredService<LauncherLink>().Controller;

    public string LogFile => Path.Combine(_directory.Path, "alpha.log");

    public string StateDirectory => _directory.Path;

    public string OverlayFile => Files.Daemons;

    private SupervisorFiles Files => new(_directory.Path, Port);

    /// <summary>Starts it.</summary>
    /// <param name="configured">Daemons of the configuration beside alpha.</param>
    public static async Task<RunningSupervisor> StartAsync(params DaemonSpec[] configured)
    {
        var directory = new TemporaryDirectory();
        var port = FreePort.Next();
        var fleet = new FakeFleet();
        fleet.Add(new DaemonSnapshot
        {
            Name = "alpha",
            Host = "127.0.0.1",
            Port = 9001,
            Pid = 4711,
            State = DaemonState.Running,
            LogFile = Path.Combine(directory.Path, "alpha.log"),
        });

        foreach (var spec in configured)
        {
            fleet.Add(new DaemonSnapshot { Name = spec.Name, Host = spec.Host, Port = spec.Port, State = DaemonState.Running });
        }

        var builder = new ConfigurationSetup(CommandLine.Read([])).CreateBuilder();
        var settings = new SupervisorSettings { Addresses = [new ListenAddress("127.0.0.1", port)], StateDirectory = directory.Path };
        builder.AddSupervisor(settings);
        builder.AddDefinition(
            ResolvedFleet.Of(
                new FleetConfiguration(new MonitorsOptions(), [new DaemonSpec { Name = "alpha", Port = 9001, Restart = new MonitorsOptions().Restart }, .. configured]),
                FleetOverlay.Empty,
                settings,
                out _),
            settings);
        builder.Services.AddSingleton<IFleetControl>(fleet);
        builder.Services.AddSingleton<LauncherLink>();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.UseSupervisor(SupervisorToken.LoadOrCreate(settings.Files.Token));
        await app.StartAsync();
        return new RunningSupervisor(app, directory, fleet, port);
    }

    /// <summary>Sends a POST, with the token unless another one is given.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, HttpContent? content = null, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        return Client.SendAsync(request);
    }

    /// <summary>Sends any request with a JSON body, with the token unless another one is given.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json = null, string? token = null, string? host = null)
    {
        var request = new HttpRequestMessage(method, path)
        {
            Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = token == "" ? null : new AuthenticationHeaderValue("Bearer", token ?? Token);
        request.Headers.Host = host;
        return Client.SendAsync(request);
    }

    /// <summary>The body of a GET with the token.</summary>
    public async Task<string> GetStringAsync(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    /// <summary>Opens a stream for reading lines, with the token unless another one is given.</summary>
    public async Task<StreamReader> OpenAsync(string path, string? lastEventId = null, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token == "" ? null : new AuthenticationHeaderValue("Bearer", token ?? Token);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    public Task StopAsync(CancellationToken limit = default) => _app.StopAsync(limit);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"supervisor on {Port}");
}
