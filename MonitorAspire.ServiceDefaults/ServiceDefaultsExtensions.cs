using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using MonitorAspire.ServiceDefaults;

// The namespace of Aspire's own template, so that a service finds these without a `using`.
namespace Microsoft.Extensions.Hosting;

/// <summary>
/// What every service of MonitorAspire has in common: telemetry, health checks, service discovery and resilient HTTP clients.
/// </summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>
    /// Adds OpenTelemetry (exported by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set), the health check <c>self</c>,
    /// service discovery, resilience for HTTP clients, and log lines with UTC time stamps.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Leaves out what a service has no use for. Default everything.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, Action<ServiceDefaultsOptions>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new ServiceDefaultsOptions();
        configure?.Invoke(options);

        builder.AddDefaultLogging();
        builder.ConfigureOpenTelemetry(options);
        builder.AddDefaultHealthChecks();
        if (options.HttpClients)
        {
            builder.AddDefaultHttpClients();
        }

        return builder;
    }

    /// <summary>Adds the health check <c>self</c>, which says that the process answers at all, with the tag <c>live</c>.</summary>
    /// <param name="builder">The application.</param>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddHealthChecks().AddCheck("self", static () => HealthCheckResult.Healthy(), [HealthEndpoints.LiveTag]);
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (all checks pass: ready for work) and <c>/alive</c> (those tagged <c>live</c> pass: the process answers), in
    /// every environment. Aspire's template maps them in development alone, because health can tell strangers something; here
    /// health is the product, and what listens, listens on the loopback unless it was told otherwise.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <param name="writer">What the body says. Default the status as plain text.</param>
    public static WebApplication MapDefaultEndpoints(this WebApplication app, HealthBodyWriter? writer = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        HealthEndpoints.Map(app, writer);
        return app;
    }

    private static void AddDefaultLogging(this IHostApplicationBuilder builder)
    {
        // First in the list, so that every other source of configuration overrides it: a probe a second must not fill the log.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = [new("Logging:LogLevel:Microsoft.AspNetCore", nameof(LogLevel.Warning))],
        });

        builder.Logging.AddSimpleConsole(static console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
    }

    private static void AddDefaultHttpClients(this IHostApplicationBuilder builder)
    {
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(static http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
    }
}
