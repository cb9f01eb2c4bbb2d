using MonitorAspire.Supervisor.Settings;

namespace MonitorAspire.Supervisor.Fleet;

/// <summary>The environment of the daemons. They inherit the supervisor's, with the address for telemetry in it, but not what identifies
/// the supervisor.</summary>
internal sealed class DaemonEnvironment(string? resourceAttributes)
{
    private const string ServiceName = "OTEL_SERVICE_NAME";
    private const string ResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";
    private const string InstanceId = "service.instance.id";

    private readonly string[] _shared = (resourceAttributes ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(a => !a.StartsWith(InstanceId + "=", StringComparison.Ordinal) && !a.StartsWith("service.name=", StringComparison.Ordinal))
        .ToArray();

    /// <summary>Variables that no daemon gets: they are for the supervisor alone.</summary>
    internal static IReadOnlyDictionary<string, string?> Common { get; } = new Dictionary<string, string?>
    {
        [SupervisorSettings.ParentPidVariable] = null,
        [SupervisorSettings.PortVariable] = null,
        [SupervisorSettings.HostVariable] = null,
        [ResourceServiceSettings.UrlVariable] = null,
        // A secret of supervisor and dashboard. A daemon can be any program.
        [ResourceServiceSettings.ApiKeyVariable] = null,
        [SupervisorSettings.TokenVariable] = null,
        ["ASPNETCORE_URLS"] = null,
        ["ASPNETCORE_HTTP_PORTS"] = null,
        ["ASPNETCORE_HTTPS_PORTS"] = null,
        // systemd talks to the supervisor. A daemon must not answer in its place.
        ["NOTIFY_SOCKET"] = null,
        ["WATCHDOG_PID"] = null,
        ["WATCHDOG_USEC"] = null,
        ["LISTEN_PID"] = null,
        ["LISTEN_FDS"] = null,
        ["LISTEN_FDNAMES"] = null,
    };

    /// <summary>The spec with the daemon's name for telemetry in its environment, unless it has one already.</summary>
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
