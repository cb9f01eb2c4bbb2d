namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>Where logs, traces and metrics go.</summary>
/// <param name="Endpoint">The OTLP/gRPC endpoint.</param>
/// <param name="ApiKey">The key that the dashboard wants with it.</param>
internal sealed record OtlpTarget(Uri Endpoint, string ApiKey)
{
    /// <summary>The variables of the OpenTelemetry specification that send a process's telemetry there.</summary>
    /// <param name="serviceName">The name that the process has in the dashboard.</param>
    public IEnumerable<KeyValuePair<string, string?>> Environment(string serviceName) =>
    [
        new("OTEL_EXPORTER_OTLP_ENDPOINT", Endpoint.ToString().TrimEnd('/')),
        new("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        new("OTEL_EXPORTER_OTLP_HEADERS", $"x-otlp-api-key={ApiKey}"),
        new("OTEL_SERVICE_NAME", serviceName),
        // By name and instance the dashboard finds the telemetry of a resource. Without it every run of the process would be another.
        new("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={serviceName}"),
        // As Aspire itself sets it: a dashboard that does not answer yet is asked again.
        new("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory"),
        // A person waits for what happens right now; the exporters' own five to sixty seconds are made for collectors.
        new("OTEL_BSP_SCHEDULE_DELAY", "1000"),
        new("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
        new("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
    ];
}
