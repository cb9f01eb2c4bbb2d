using Microsoft.AspNetCore.Server.Kestrel.Core;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Commands;
using MonitorAspire.Supervisor.Dashboard.Resources;

namespace MonitorAspire.Supervisor.Dashboard.Hosting;

/// <summary>
/// The server that the dashboard talks to. One of its own beside the REST interface: it speaks HTTP/2 only, knows another secret,
/// and neither's routes can be reached through the other. That it cannot listen is a line in the log; the fleet matters more.
/// </summary>
internal sealed partial class ResourceServer(
    ResourceServiceSettings settings, IFleet fleet, ResourceFeed feed, ResourceCatalog catalog, CommandRunner commands, TimeProvider time,
    ILoggerFactory loggers, ILogger<ResourceServer> logger) : IHostedService, IDisposable
{
    // What a dashboard sends is small; what it watches is few.
    private const int MaximumConnections = 64;
    private const int MaximumRequestBytes = 64 * 1024;

    // A dashboard closes its connection at once when it is told to; one that hangs must not keep the supervisor.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly StreamsEnd _end = new();
    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var app = Build();
        try
        {
            await app.StartAsync(cancellationToken);
            _app = app;
            LogServing(settings.Url, settings.ApiKey is null ? "everybody on this machine" : "whoever has the key");
        }
        catch (IOException e)
        {
            LogCannotListen(settings.Url, e.Message);
            await app.DisposeAsync();
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.BeginAsync();
        if (_app is { } app)
        {
            _app = null;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StopTimeout);
            await app.StopAsync(limit.Token);
            await app.DisposeAsync();
        }
    }

    public void Dispose() => _end.Dispose();

    private WebApplication Build()
    {
        // Empty: no configuration, no environment and no URLs but ours find a way in here.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaximumConnections;
            kestrel.Listen(settings.Address, settings.Port, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<IHostLifetime, SupervisorsLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaximumRequestBytes);
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(fleet);
        builder.Services.AddSingleton(feed);
        builder.Services.AddSingleton(catalog);
        builder.Services.AddSingleton(commands);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(_end);

        var app = builder.Build();
        if (settings.ApiKey is { } key)
        {
            app.UseApiKey(key);
        }

        app.MapGrpcService<DashboardGrpcService>();
        return app;
    }

    /// <summary>Signals are the supervisor's to hear; this server is started and stopped by it.</summary>
    private sealed class SupervisorsLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [LoggerMessage(30, LogLevel.Information, "The dashboard's resource service is at {Url}, for {Audience}")]
    private partial void LogServing(string url, string audience);

    [LoggerMessage(31, LogLevel.Warning, "No resource service for the dashboard: it cannot listen on {Url}: {Problem}")]
    private partial void LogCannotListen(string url, string problem);
}
