namespace MonitorAspire.ServiceDefaults;

/// <summary>What a service has no use for need not be on its way to readiness.</summary>
public sealed class ServiceDefaultsOptions
{
    /// <summary>Service discovery and resilience for <c>IHttpClientFactory</c>. Default true.</summary>
    public bool HttpClients { get; set; } = true;

    /// <summary>Name of the service in telemetry where <c>OTEL_SERVICE_NAME</c> does not say. Default the application's name.</summary>
    public string? ServiceName { get; set; }
}
