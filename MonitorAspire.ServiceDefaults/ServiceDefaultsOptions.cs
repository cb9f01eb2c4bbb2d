namespace MonitorAspire.ServiceDefaults;

/// <summary>Lets a service leave out what it does not use, so that it starts faster.</summary>
public sealed class ServiceDefaultsOptions
{
    /// <summary>Service discovery and resilience for <c>IHttpClientFactory</c>. Default true.</summary>
    public bool HttpClients { get; set; } = true;

    /// <summary>Configures sources and meters also when no OTLP endpoint is set, for a service that adds another exporter. Default true.</summary>
    public bool TelemetryWithoutOtlp { get; set; } = true;

    /// <summary>
    /// Requests to these paths, and to paths below them, make no spans. Use it for streams and for frequent calls between programs, which
    /// would hide the other spans. Requests to <c>/health</c> and <c>/alive</c> never make spans. Default none.
    /// </summary>
    public IReadOnlyList<string> UntracedPaths { get; set; } = [];

    /// <summary>Name of the service in telemetry. <c>OTEL_SERVICE_NAME</c> overrides it. Default: the application's name.</summary>
    public string? ServiceName { get; set; }
}
