using Microsoft.AspNetCore.Server.Kestrel.Core;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervisor.Dashboard.Resources;
using MonitorAspire.Supervisor.Security;
using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Supervisor.Web;

namespace MonitorAspire.Supervisor.Dashboard.Server;

/// <summary>The server for the dashboard. It is not part of the REST API's server, because it speaks HTTP/2 only and has another secret. If
/// it cannot listen it logs a warning, and the supervisor runs on.</summary>
internal sealed partial class ResourceServer(
    ResourceServiceSettings settings, IFleet fleet, ResourceFeed feed, ResourceCatalog catalog, CommandRunner commands, OpenStreams streams, TimeProvider time,
    ILoggerFactory loggers, ILogger<ResourceServer> logger) : IHostedService
{
    internal const string KeyHeader = "x-resource-service-api-key";

    // A dashboard needs one connection.
    private const int MaximumConnections = 16;
    private const int MaximumRequestBytes = 64 * 1024;

    // A dashboard closes its connection at once. One that hangs must not delay the end of the supervisor.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private WebApplication? _app;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var app = Build();
        try
        {
            await app.StartAsync(cancellationToken);
            _app = app;
            LogServing(settings.Url);
        }
        catch (IOException e)
        {
            LogCannotListen(settings.Url, e.Message);
            await app.DisposeAsync();
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await streams.EndAsync();
        if (_app is { } app)
        {
            _app = null;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(StopTimeout);
            await app.StopAsync(limit.Token);
            await app.DisposeAsync();
        }
    }

    private WebApplication Build()
    {
        // An empty builder reads no configuration and no environment, which could add URLs.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(settings.Address, settings.Port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.WebHost.LimitConnections(MaximumConnections);
        builder.Services.AddSingleton<IHostLifetime, SupervisorsLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaximumRequestBytes);
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(fleet);
        builder.Services.AddSingleton(feed);
        builder.Services.AddSingleton(catalog);
        builder.Services.AddSingleton(commands);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(streams);

        var app = builder.Build();
        var key = new Secret(settings.ApiKey);
        app.Use((context, next) =>
        {
            if (context.Request.Headers[KeyHeader] is [{ } shown] && key.Matches(shown))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
        app.MapGrpcService<DashboardGrpcService>();
        return app;
    }

    /// <summary>Handles no signals, because the supervisor starts and stops this server.</summary>
    private sealed class SupervisorsLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [LoggerMessage(60, LogLevel.Information, "The dashboard's resource service listens on {Url}")]
    private partial void LogServing(string url);

    [LoggerMessage(61, LogLevel.Warning, "The dashboard's resource service cannot listen on {Url}: {Problem}")]
    private partial void LogCannotListen(string url, string problem);
}
