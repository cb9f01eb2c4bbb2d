using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>
/// What of the supervisor's environment is for its daemons. They inherit all of it, where telemetry goes to included; but who they are
/// is not who the supervisor is.
/// </summary>
/// <param name="resourceAttributes">The supervisor's own <c>OTEL_RESOURCE_ATTRIBUTES</c>.</param>
internal sealed class DaemonEnvironment(string? resourceAttributes)
{
    private const string ServiceName = "OTEL_SERVICE_NAME";
    private const string ResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";
    private const string InstanceId = "service.instance.id";

    private readonly string[] _shared = (resourceAttributes ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(a => !a.StartsWith(InstanceId + "=", StringComparison.Ordinal) && !a.StartsWith("service.name=", StringComparison.Ordinal))
        .ToArray();

    /// <summary>For every daemon: what is between the supervisor and whoever launched it is removed.</summary>
    internal static IReadOnlyDictionary<string, string?> Common { get; } = new Dictionary<string, string?>
    {
        [Settings.SupervisorSettings.ParentPidVariable] = null,
        [Settings.SupervisorSettings.PortVariable] = null,
        [Settings.SupervisorSettings.HostVariable] = null,
        [Dashboard.ResourceServiceSettings.UrlVariable] = null,
        // A secret between supervisor and dashboard; a daemon may be any program.
        [Dashboard.ResourceServiceSettings.ApiKeyVariable] = null,
        ["ASPNETCORE_URLS"] = null,
        ["ASPNETCORE_HTTP_PORTS"] = null,
        ["ASPNETCORE_HTTPS_PORTS"] = null,
        // systemd's conversation is with the supervisor: a daemon must not answer for it.
        ["NOTIFY_SOCKET"] = null,
        ["WATCHDOG_PID"] = null,
        ["WATCHDOG_USEC"] = null,
        ["LISTEN_PID"] = null,
        ["LISTEN_FDS"] = null,
        ["LISTEN_FDNAMES"] = null,
    };

    /// <summary>The specification with the daemon's identity in telemetry, unless it says that itself.</summary>
    internal DaemonSpec Complete(DaemonSpec spec)
    {
        if (spec.Launch != LaunchMode.Supervisor)
        {
            return spec;
        }

        var environment = new Dictionary<string, string?>(spec.Environment, StringComparer.Ordinal);
        environment.TryAdd(ServiceName, spec.Name);
        environment.TryAdd(ResourceAttributes, string.Join(',', _shared.Append($"{InstanceId}={spec.Name}")));
        return spec with { Environment = environment };
    }
}
