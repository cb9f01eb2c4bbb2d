namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>
/// The name by which the dashboard asks for a resource. Nobody reads it, but telemetry is found by it: it must be service name, hyphen
/// and service instance id, and in this fleet both of these are the name of the daemon (see <see cref="Fleet.DaemonEnvironment"/>).
/// </summary>
internal static class ResourceName
{
    /// <summary>The name of the resource.</summary>
    /// <param name="service">The name of the daemon, or that of the supervisor in telemetry.</param>
    internal static string Of(string service) => $"{service}-{service}";
}
