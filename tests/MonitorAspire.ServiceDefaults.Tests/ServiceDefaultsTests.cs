using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MonitorAspire.ServiceDefaults.Tests;

public class ServiceDefaultsTests
{
    [Fact]
    public async Task Add_NoEndpoint_BuildsNoSdk()
    {
        await using var app = Build();

        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.Null(app.Services.GetService<MeterProvider>());
    }

    [Fact]
    public async Task Add_Endpoint_CollectsOurSources()
    {
        await using var app = Build(settings: ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"));
        Assert.NotNull(app.Services.GetService<MeterProvider>());
        Assert.NotNull(app.Services.GetService<TracerProvider>());
        Assert.Contains(app.Services.GetServices<ILoggerProvider>(), p => p is OpenTelemetryLoggerProvider);

        foreach (var name in (string[])["MonitorAspire.Supervision", "MonitorAspire.Daemon"])
        {
            using var source = new ActivitySource(name);
            using var activity = source.StartActivity("span");
            Assert.True(activity?.Recorded, name);
        }
    }

    [Fact]
    public async Task Add_Options_AreConfiguredOnceAndShared()
    {
        var configured = 0;
        await using var app = Build(configure: b => b.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(++configured)));

        var options = app.Services.GetRequiredService<IOptions<HostOptions>>();

        Assert.Same(options.Value, app.Services.GetRequiredService<IOptions<HostOptions>>().Value);
        Assert.Equal(TimeSpan.FromSeconds(1), options.Value.ShutdownTimeout);
    }

    [Fact]
    public async Task Add_SdkDisabled_BuildsNoSdk()
    {
        await using var app = Build(settings: [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_SDK_DISABLED", "TRUE")]);

        Assert.Null(app.Services.GetService<TracerProvider>());
    }

    [Fact]
    public async Task Add_ServicesOwnSdk_CollectsOurSourcesToo()
    {
        await using var app = Build(configure: b => b.Services.AddOpenTelemetry().WithTracing());
        Assert.NotNull(app.Services.GetService<TracerProvider>());

        using var source = new ActivitySource("MonitorAspire.Supervision");
        using var activity = source.StartActivity("span");

        Assert.NotNull(activity);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Add_HttpClients_AddsServiceDiscoveryIfWanted(bool wanted)
    {
        await using var app = Build(defaults: d => d.HttpClients = wanted);

        Assert.Equal(wanted, app.Services.GetService<ServiceEndpointResolver>() is not null);
    }

    [Fact]
    public async Task Add_Logging_LeavesRequestsOutByDefault()
    {
        await using var quiet = Build();
        await using var verbose = Build(settings: ("Logging:LogLevel:Microsoft.AspNetCore", "Debug"));

        Assert.False(RequestLogger(quiet).IsEnabled(LogLevel.Information));
        Assert.True(RequestLogger(verbose).IsEnabled(LogLevel.Debug));
    }

    private static ILogger RequestLogger(WebApplication app)
        => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics");

    private static WebApplication Build(
        Action<WebApplicationBuilder>? configure = null, Action<ServiceDefaultsOptions>? defaults = null, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.AddServiceDefaults(defaults);
        configure?.Invoke(builder);
        return builder.Build();
    }
}
