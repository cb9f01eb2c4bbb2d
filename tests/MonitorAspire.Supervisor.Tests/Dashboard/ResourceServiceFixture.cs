using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Diagnosis;
using MonitorAspire.Supervision.Fleet;
using MonitorAspire.Supervision.Startup;
using MonitorAspire.Supervisor.Dashboard;
using MonitorAspire.Supervisor.Dashboard.Protocol;
using MonitorAspire.Supervisor.Web;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests.Dashboard;

/// <summary>The resource service on a real port over a stub fleet, and a client like a dashboard.</summary>
internal sealed class ResourceServiceFixture : IAsyncDisposable
{
    internal const string Key = "0123456789abcdef0123456789abcdef";

    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _limit = new(Wait.Generous);

    private ResourceServiceFixture(WebApplication app, string url)
    {
        _app = app;
        _channel = GrpcChannel.ForAddress(url);
        Client = new DashboardService.DashboardServiceClient(_channel);
        Url = url;
    }

    internal DashboardService.DashboardServiceClient Client { get; }

    internal string Url { get; }

    internal string RestUrl => _app.Urls.Single();

    /// <summary>The key, and a time limit.</summary>
    internal CallOptions Options => new([new Metadata.Entry("x-resource-service-api-key", Key)], cancellationToken: _limit.Token);

    internal static async Task<ResourceServiceFixture> StartAsync(IFleet fleet)
    {
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["MONITOR_RESOURCE_SERVICE_URL"] = url,
            ["MONITOR_RESOURCE_SERVICE_API_KEY"] = Key,
        });
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(fleet);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new OpenStreams(100));
        builder.Services.AddSingleton(new Doctor(new EngineOptions { StateDirectory = Path.Combine(Path.GetTempPath(), $"no-state-{Guid.NewGuid():N}") }));
        builder.Services.AddDashboardResourceService(builder.Configuration);
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        return new ResourceServiceFixture(app, url);
    }

    /// <summary>Stops the supervisor in order, as Ctrl-C does.</summary>
    internal Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.DisposeAsync();
        _limit.Dispose();
    }
}
