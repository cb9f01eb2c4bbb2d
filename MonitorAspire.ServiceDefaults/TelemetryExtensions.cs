using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MonitorAspire.ServiceDefaults;

/// <summary>OpenTelemetry for every service.</summary>
public static class TelemetryExtensions
{
    /// <summary>Environment variable with the OTLP endpoint. Without it nothing is exported.</summary>
    public const string OtlpEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] SourceNames = ["MonitorAspire.Supervision", "MonitorAspire.Daemon"];

    // The SDK is built only if something exports: the OTLP endpoint, or the service's own AddOpenTelemetry(). Otherwise it would cost
    // start-up time and collect data that is never read.
    internal static void AddDefaultTelemetry(this IHostApplicationBuilder builder, ServiceDefaultsOptions options)
    {
        // The switch of the OpenTelemetry specification: "true" in any case of letters.
        if (bool.TryParse(builder.Configuration["OTEL_SDK_DISABLED"], out var disabled) && disabled)
        {
            return;
        }

        var exports = !string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpointVariable]);
        if (exports || options.TelemetryWithoutOtlp)
        {
            builder.Services.AddInstrumentation(options.UntracedPaths);
        }

        if (exports)
        {
            builder.AddExporter(options.ServiceName);
        }
    }

    private static void AddInstrumentation(this IServiceCollection services, IReadOnlyList<string> untraced)
    {
        var paths = untraced.Select(static path => new PathString(path)).ToArray();
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing
            .AddSource(SourceNames)
            .AddAspNetCoreInstrumentation(aspNet => aspNet.Filter = context => IsTraced(context.Request.Path))
            .AddHttpClientInstrumentation());
        services.ConfigureOpenTelemetryMeterProvider(static metrics => metrics
            .AddMeter(SourceNames)
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddRuntimeInstrumentation());

        bool IsTraced(PathString path) => !ServiceDefaultsExtensions.IsProbe(path) && !Array.Exists(paths, prefix => path.StartsWithSegments(prefix));
    }

    private static void AddExporter(this IHostApplicationBuilder builder, string? serviceName)
    {
        builder.Logging.AddOpenTelemetry(static logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        builder.Services.AddOpenTelemetry()
            // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES are read last, so they win.
            .ConfigureResource(resource => resource
                .AddService(serviceName ?? builder.Environment.ApplicationName)
                .AddEnvironmentVariableDetector())
            .WithMetrics()
            .WithTracing()
            .UseOtlpExporter();
    }
}
