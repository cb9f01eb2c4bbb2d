namespace MonitorAspire.AppHost.Standalone.Dashboard;

/// <summary>Where supervisor and dashboard speak about resources: states, console logs, commands.</summary>
/// <param name="Url">The address that the supervisor serves it at.</param>
/// <param name="ApiKey">The key that the dashboard comes with.</param>
internal sealed record ResourceServiceTarget(Uri Url, string ApiKey)
{
    /// <summary>The variables that make the supervisor serve it.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Environment =>
    [
        new("MONITOR_RESOURCE_SERVICE_URL", Url.ToString().TrimEnd('/')),
        new("MONITOR_RESOURCE_SERVICE_API_KEY", ApiKey),
    ];
}
