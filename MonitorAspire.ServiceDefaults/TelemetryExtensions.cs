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
    /// <summary>Where OTLP goes to; without it nothing is exported.</summary>
    public const string OtlpEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The OpenTelemetry specification's switch: true, in any case of letters, turns the SDK off.</summary>
    public const string SdkDisabledVariable = "OTEL_SDK_DISABLED";

    /// <summary>Activity sources and meters of MonitorAspire.</summary>
    public static IReadOnlyList<string> SourceNames { get; } = ["MonitorAspire.Supervision", "MonitorAspire.Daemon"];

    /// <summary>
    /// Says what is collected. The SDK itself is built only where somebody exports, that is with <see cref="OtlpEndpointVariable"/>
    /// or after the service's own <c>AddOpenTelemetry()</c>: without that it would cost start-up time and collect for nobody.
    /// </summary>
    /// <param name="builder">The application.</param>
    /// <param name="options">The defaults' options.</param>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder, ServiceDefaultsOptions? options = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (bool.TryParse(builder.Configuration[SdkDisabledVariable], out var disabled) && disabled)
        {
            return builder;
        }

        var exports = !string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpointVariable]);
        if (exports || options is not { TelemetryWithoutOtlp: false })
        {
            builder.Services.ConfigureCollection(options?.UntracedPaths ?? []);
        }

        if (exports)
        {
            builder.AddExporter(options?.ServiceName);
        }

        return builder;
    }

    private static void ConfigureCollection(this IServiceCollection services, IReadOnlyList<string> untraced)
    {
        var paths = untraced.Select(static path => new PathString(path)).ToArray();
        services.ConfigureOpenTelemetryTracerProvider(tracing => tracing
            .AddSource([.. SourceNames])
            .AddAspNetCoreInstrumentation(aspNet => aspNet.Filter = context => IsOfInterest(context.Request.Path, paths))
            .AddHttpClientInstrumentation());
        services.ConfigureOpenTelemetryMeterProvider(static metrics => metrics
            .AddMeter([.. SourceNames])
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddRuntimeInstrumentation());
    }

    // A probe a second would bury what happened.
    private static bool IsOfInterest(PathString path, PathString[] untraced) =>
        !HealthEndpoints.IsProbe(path) && !Array.Exists(untraced, prefix => path.StartsWithSegments(prefix));

    private static void AddExporter(this IHostApplicationBuilder builder, string? serviceName)
    {
        builder.Logging.AddOpenTelemetry(static logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });

        builder.Services.AddOpenTelemetry()
            // What the environment says (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES) comes after and wins.
            .ConfigureResource(resource => resource
                .AddService(serviceName ?? builder.Environment.ApplicationName)
                .AddEnvironmentVariableDetector())
            .WithMetrics()
            .WithTracing()
            .UseOtlpExporter();
    }
}
