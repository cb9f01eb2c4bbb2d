using System.Diagnostics.CodeAnalysis;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// The section <c>Monitors</c> of the configuration, as AppHost, supervisor and <c>monitor up</c> read it: a count and a base
/// port, or a list.
/// </summary>
public sealed class MonitorsOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Monitors";

    /// <summary>How many daemons, on consecutive ports from <see cref="BasePort"/>; 1 to 200. Not used when <see cref="Daemons"/> has entries. Default 4.</summary>
    public int Count { get; set; } = 4;

    /// <summary>Port of the first daemon. Default 8768.</summary>
    public int BasePort { get; set; } = DaemonSpec.DefaultPort;

    /// <summary>Host of all daemons that name none. Default <c>127.0.0.1</c>.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>State directory. Default as <see cref="Files.StateDirectory.Resolve"/>.</summary>
    public string? StateDirectory { get; set; }

    /// <summary>Time limit of a verified start. Default 30 seconds.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time between SIGTERM and SIGKILL. Default 10 seconds.</summary>
    public TimeSpan StopGracePeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether an orderly end of the supervisor stops the daemons. Default true. A crash never does.</summary>
    public bool StopDaemonsOnShutdown { get; set; } = true;

    /// <summary>Restart policy of all daemons that have none of their own.</summary>
    public RestartPolicy Restart { get; set; } = new();

    /// <summary>How daemons that run are looked at.</summary>
    public ProbePolicy Probe { get; set; } = new();

    /// <summary>Daemons by list instead of by count; 200 at most.</summary>
    [SuppressMessage("Usage", "CA2227:Collection properties should be read only", Justification = "Options are bound from configuration.")]
    public IList<DaemonDefinition> Daemons { get; set; } = [];
}

/// <summary>One daemon in <see cref="MonitorsOptions.Daemons"/>.</summary>
[SuppressMessage("Usage", "CA2227:Collection properties should be read only", Justification = "Options are bound from configuration.")]
public sealed class DaemonDefinition
{
    /// <summary>Unique name. Default <c>monitor-PORT</c>.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Name of the daemon's endpoint in service discovery, as in <c>http://_http.catalog</c>; its address then is the daemon's host and
    /// port. Default none: <see cref="Host"/> and <see cref="Port"/> say it. Only the supervisor knows service discovery.
    /// </summary>
    public string? Service { get; set; }

    /// <summary>Port, required where <see cref="Service"/> does not say it.</summary>
    public int Port { get; set; }

    /// <summary>Last port of a range that starts at <see cref="Port"/>; the first free one is taken. Default none: exactly <see cref="Port"/>.</summary>
    public int? PortRangeEnd { get; set; }

    /// <summary>Host. Default that of the fleet.</summary>
    public string? Host { get; set; }

    /// <summary>Path of the health check. Default <c>/health</c>.</summary>
    public string? HealthPath { get; set; }

    /// <summary>Executable. Default the built-in monitor daemon.</summary>
    public string? Command { get; set; }

    /// <summary>Arguments, with <c>{port}</c>, <c>{host}</c>, <c>{pidfile}</c> and <c>{statedir}</c> to be filled in.</summary>
    public IList<string> Arguments { get; set; } = [];

    /// <summary>Working directory.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>Additional environment variables.</summary>
    public IDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();

    /// <summary>Restart policy. Default that of the fleet.</summary>
    public RestartPolicy? Restart { get; set; }

    /// <summary>Who writes the PID file. Default as <see cref="DaemonSpec.PidFileWriter"/>.</summary>
    public PidFileWriter? PidFileWriter { get; set; }

    /// <summary>Who launches it. Default the supervisor.</summary>
    public LaunchMode Launch { get; set; }
}
