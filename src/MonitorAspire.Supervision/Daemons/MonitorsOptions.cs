using System.Diagnostics.CodeAnalysis;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>The section <c>Monitors</c> of the configuration, which AppHost and supervisor read: a count and a base port, or a list of daemons.</summary>
public sealed record MonitorsOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Monitors";

    /// <summary>How many daemons, on consecutive ports from <see cref="BasePort"/>; 1 to 200. Not used when <see cref="Daemons"/> has entries. Default 4.</summary>
    public int Count { get; set; } = 4;

    /// <summary>Port of the first daemon. Default 8768.</summary>
    public int BasePort { get; set; } = DaemonSpec.DefaultPort;

    /// <summary>Host of all daemons that name none. Default <c>127.0.0.1</c>.</summary>
    public string Host { get; set; } = DaemonSpec.DefaultHost;

    /// <summary>State directory. Default: the variable <c>MONITOR_STATE_DIR</c>, otherwise a directory of the user.</summary>
    public string? StateDirectory { get; set; }

    /// <summary>Time limit of a verified start. More than 0, at most 1 day. Default 30 seconds.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between SIGTERM and SIGKILL. 0 to 1 day. Default 10 seconds.</summary>
    public TimeSpan StopGracePeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether a supervisor that stops in order stops the daemons too. Default true. A supervisor that crashes never does.</summary>
    public bool StopDaemonsOnShutdown { get; set; } = true;

    /// <summary>Restart policy of all daemons that have none of their own.</summary>
    public RestartPolicy Restart { get; set; } = new();

    /// <summary>Limits of the logs of all daemons that have none of their own.</summary>
    public LogPolicy Log { get; set; } = new();

    /// <summary>How running daemons are probed.</summary>
    public ProbePolicy Probe { get; set; } = new();

    /// <summary>The daemons; 200 at most. Default none: <see cref="Count"/> and <see cref="BasePort"/> are used.</summary>
    [SuppressMessage("Usage", "CA2227:Collection properties should be read only", Justification = "Options are bound from configuration.")]
    public IList<DaemonDefinition> Daemons { get; set; } = [];
}
