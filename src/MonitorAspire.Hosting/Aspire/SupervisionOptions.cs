using MonitorAspire.Supervision.Daemons;

namespace Aspire.Hosting;

/// <summary>How a resource is supervised.</summary>
public sealed class SupervisionOptions
{
    /// <summary>Path of the health check on the supervised endpoint; a start counts only when it answers 200. Default <c>/health</c>.</summary>
    public string HealthPath { get; set; } = "/health";

    /// <summary>When and how fast it is started again. Default: the policy in <c>Monitors:Restart</c>, which is <see cref="RestartPolicy"/>'s own where nothing is configured.</summary>
    public RestartPolicy? Restart { get; set; }
}
