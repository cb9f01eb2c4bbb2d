namespace MonitorAspire.ServiceDefaults;

/// <summary>What a service has no use for need not be on its way to readiness.</summary>
public sealed class ServiceDefaultsOptions
{
    /// <summary>Service discovery and resilience for <c>IHttpClientFactory</c>. Default true.</summary>
    public bool HttpClients { get; set; } = true;

    /// <summary>
    /// Says what is to be collected even where no OTLP endpoint is set, for a service that adds an exporter of its own. Default true.
    /// </summary>
    public bool TelemetryWithoutOtlp { get; set; } = true;

    /// <summary>
    /// Paths whose requests, and those below them, make no spans: streams that last as long as somebody looks, and what machines tell each
    /// other all the time, would bury what happened. Probes of health never make any. Default none.
    /// </summary>
    public IReadOnlyList<string> UntracedPaths { get; set; } = [];

    /// <summary>Name of the service in telemetry where <c>OTEL_SERVICE_NAME</c> does not say. Default the application's name.</summary>
    public string? ServiceName { get; set; }
}
