using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using MonitorAspire.ServiceDefaults;

// The namespace that Aspire's template uses: a service finds these methods without a `using`.
namespace Microsoft.Extensions.Hosting;

/// <summary>Telemetry, health checks, service discovery and resilient HTTP clients for every service of MonitorAspire.</summary>
public static class ServiceDefaultsExtensions
{
    private const string LiveTag = "live";
    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";

    /// <summary>
    /// Adds OpenTelemetry (exported by OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set), the health check <c>self</c>,
    /// service discovery, resilience for HTTP clients, and log lines with UTC time stamps.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="configure">Leaves out what the service does not use. Default: everything is added.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, Action<ServiceDefaultsOptions>? configure = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ContainerTypes.Name();

        // The default implementation is internal, so it cannot be named.
        builder.Services.AddSingleton(typeof(IOptions<>), typeof(OptionsManager<>));
        var options = new ServiceDefaultsOptions();
        configure?.Invoke(options);

        builder.AddDefaultLogging();
        builder.AddDefaultTelemetry(options);
        builder.Services.AddHealthChecks().AddCheck("self", static () => HealthCheckResult.Healthy(), [LiveTag]);
        if (options.HttpClients)
        {
            builder.Services.AddServiceDiscovery();
            builder.Services.ConfigureHttpClientDefaults(static http =>
            {
                http.AddStandardResilienceHandler();
                http.AddServiceDiscovery();
            });
        }

        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (all checks pass: ready for work) and <c>/alive</c> (the checks with the tag <c>live</c> pass: the process
    /// answers). Aspire's template maps them in development only, because they tell strangers something about the service. Here every
    /// environment has them: a verified start needs them, and services listen on the loopback unless they are told otherwise.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <param name="writer">Writes the body. Default: the status as plain text.</param>
    public static WebApplication MapDefaultEndpoints(this WebApplication app, Func<HttpContext, HealthReport, Task>? writer = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        Add(HealthPath, predicate: null);
        Add(AlivePath, static check => check.Tags.Contains(LiveTag));
        return app;

        void Add(string path, Func<HealthCheckRegistration, bool>? predicate)
        {
            var options = new HealthCheckOptions { Predicate = predicate };
            options.ResponseWriter = writer ?? options.ResponseWriter;
            app.MapHealthChecks(path, options).DisableHttpMetrics();
        }
    }

    /// <summary>Whether the path is one of the two. Such a request arrives every second, so it is neither traced nor counted.</summary>
    internal static bool IsProbe(PathString path) => path.StartsWithSegments(HealthPath) || path.StartsWithSegments(AlivePath);

    private static void AddDefaultLogging(this IHostApplicationBuilder builder)
    {
        // A health request every second must not fill the log. First in the list, so that every other source of configuration overrides it.
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
}
