using Aspire.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace MonitorAspire.Hosting.Launching;

/// <summary>Exports the AppHost's own spans to where its resources export theirs. Aspire does that for resources only.</summary>
internal static class HostingTelemetry
{
    // The second is the name before Aspire 13. Many launch profiles still use it.
    private static readonly string[] Prefixes = ["ASPIRE_DASHBOARD_", "DOTNET_DASHBOARD_"];

    internal static void AddLaunchTracing(this IDistributedApplicationBuilder builder)
    {
        if (Target(builder.Configuration) is not { } target)
        {
            return;
        }

        builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing
            .AddSource(LaunchTraces.SourceName)
            .ConfigureResource(static resource => resource.AddService("apphost").AddEnvironmentVariableDetector())
            .AddOtlpExporter(otlp =>
            {
                otlp.Endpoint = target.Endpoint;
                otlp.Protocol = target.Protocol;
                otlp.Headers = target.Headers;
            }));
    }

    private static (Uri Endpoint, OtlpExportProtocol Protocol, string? Headers)? Target(ConfigurationManager configuration)
    {
        if (Uri.TryCreate(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"], UriKind.Absolute, out var own))
        {
            var isHttp = string.Equals(configuration["OTEL_EXPORTER_OTLP_PROTOCOL"], "http/protobuf", StringComparison.OrdinalIgnoreCase);

            // An address that is set in code is used without adding the path of the signal.
            return (isHttp ? new Uri(own, "v1/traces") : own, isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc, configuration["OTEL_EXPORTER_OTLP_HEADERS"]);
        }

        // The dashboard's address needs its key.
        var key = configuration["AppHost:OtlpApiKey"] is { Length: > 0 } secret ? $"x-otlp-api-key={secret}" : null;
        return First("OTLP_ENDPOINT_URL") is { } grpc ? (grpc, OtlpExportProtocol.Grpc, key)
            : First("OTLP_HTTP_ENDPOINT_URL") is { } http ? (new Uri(http, "v1/traces"), OtlpExportProtocol.HttpProtobuf, key)
            : null;

        Uri? First(string name) => Prefixes
            .Select(prefix => Uri.TryCreate(configuration[prefix + name], UriKind.Absolute, out var url) ? url : null)
            .FirstOrDefault(url => url is not null);
    }
}
