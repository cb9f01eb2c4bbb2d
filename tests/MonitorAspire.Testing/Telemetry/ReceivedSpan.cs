namespace MonitorAspire.Testing.Telemetry;

/// <summary>A received span.</summary>
/// <param name="Service">Name of the service that sent it.</param>
/// <param name="Name">Its name.</param>
/// <param name="TraceId">The trace, in hexadecimal digits.</param>
/// <param name="SpanId">Its id.</param>
/// <param name="ParentSpanId">Id of its parent; empty at the root.</param>
/// <param name="Start">Nanoseconds since 1970.</param>
/// <param name="End">Nanoseconds since 1970.</param>
/// <param name="Attributes">Its attributes. A value that is neither text nor integer is empty.</param>
/// <param name="Failed">Whether its status is an error.</param>
public sealed record ReceivedSpan(
    string Service,
    string Name,
    string TraceId,
    string SpanId,
    string ParentSpanId,
    ulong Start,
    ulong End,
    IReadOnlyDictionary<string, string> Attributes,
    bool Failed)
{
    /// <summary>Its name without that of the daemon, as in <c>monitor.startup</c>.</summary>
    public string Kind => Name.Split(' ')[0];
}

/// <summary>A received log record.</summary>
/// <param name="Body">Its text.</param>
/// <param name="TraceId">The trace, in hexadecimal digits; empty without one.</param>
public sealed record ReceivedLog(string Body, string TraceId);
