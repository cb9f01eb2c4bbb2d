namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>
/// The name of a resource in the dashboard's protocol. The dashboard finds the telemetry of a resource by it, so it must be service name,
/// hyphen and service instance id. Both are the name of the daemon here (see <see cref="Fleet.DaemonEnvironment"/>).
/// </summary>
internal static class ResourceName
{
    /// <summary>The name of the resource.</summary>
    /// <param name="service">Name of the daemon, or the supervisor's name in telemetry.</param>
    internal static string Of(string service) => $"{service}-{service}";
}
