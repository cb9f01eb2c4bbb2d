using System.Diagnostics.CodeAnalysis;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// A daemon as people describe it: in the configuration, in a request to the REST API, on the command line, or on an Aspire resource.
/// <see cref="DefinitionMapper"/> turns it into the <see cref="DaemonSpec"/> that is run.
/// </summary>
[SuppressMessage("Usage", "CA2227:Collection properties should be read only", Justification = "Options are bound from configuration.")]
public sealed record DaemonDefinition
{
    /// <summary>Unique name; letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64. Default <c>monitor-PORT</c>.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Name in service discovery, as in <c>http://_http.catalog</c>. The supervisor looks it up and takes from there the host and the port
    /// that are not given. Default none.
    /// </summary>
    public string? Service { get; set; }

    /// <summary>Port, 1 to 65535. Required, unless <see cref="Service"/> is given.</summary>
    public int Port { get; set; }

    /// <summary>Last port of a range that starts at <see cref="Port"/>; the first free port is used. Default none: only <see cref="Port"/> is used.</summary>
    public int? PortRangeEnd { get; set; }

    /// <summary>Host name or address to listen on. Default: the host of the fleet.</summary>
    public string? Host { get; set; }

    /// <summary>Path of the health check over HTTP or HTTPS. Default <c>/health</c>.</summary>
    public string? HealthPath { get; set; }

    /// <summary>Kind, options and limits of the health check. Default: HTTP, status 200, the limits of the fleet.</summary>
    public HealthCheck? Health { get; set; }

    /// <summary>Executable. Default: the built-in monitor daemon.</summary>
    public string? Command { get; set; }

    /// <summary>Arguments. <c>{port}</c>, <c>{host}</c>, <c>{pidfile}</c> and <c>{statedir}</c> are replaced; <c>{{port}}</c> is the text <c>{port}</c>. Default none.</summary>
    public IList<string> Arguments { get; set; } = [];

    /// <summary>Working directory. Default: that of the launcher.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>Additional environment variables; a value of <see langword="null"/> removes the variable. Default none.</summary>
    public IDictionary<string, string?> Environment { get; set; } = new Dictionary<string, string?>();

    /// <summary>
    /// Names of variables in <see cref="Environment"/> whose values are secrets, although their names do not look like it. Their values are shown
    /// nowhere, and neither are arguments that contain them. Default none.
    /// </summary>
    public IList<string> SecretEnvironment { get; set; } = [];

    /// <summary>
    /// Files of variables, one <c>NAME=VALUE</c> a line, relative to the working directory. They are read at each start, and never stored or
    /// shown. A later file replaces the variables of an earlier one; <see cref="Environment"/> replaces those of all files. With <c>-</c> in
    /// front of it a file may be missing. Default none.
    /// </summary>
    public IList<string> EnvironmentFiles { get; set; } = [];

    /// <summary>Name or number of the user that the daemon runs as. Another user than the supervisor's needs root. Linux. Default: the supervisor's.</summary>
    public string? User { get; set; }

    /// <summary>Name or number of the group that the daemon runs as. Needs root. Linux. Default: the group of <see cref="User"/>.</summary>
    public string? Group { get; set; }

    /// <summary>Permissions that new files of the daemon do not have, in octal, as in <c>027</c>. Linux and macOS. Default: the supervisor's.</summary>
    public string? Umask { get; set; }

    /// <summary>Resource limits of the daemon's processes. A hard limit above the supervisor's own needs root. Linux. Default: those that the user had.</summary>
    public ResourceLimits? Limits { get; set; }

    /// <summary>
    /// Resident memory of the daemon's processes together, in bytes, above which it is restarted. 1 MiB to 1 PiB. Linux. Default none.
    /// </summary>
    public long? MemoryLimitBytes { get; set; }

    /// <summary>Files whose change restarts the daemon. Default none.</summary>
    public RestartOnChange? RestartOnChange { get; set; }

    /// <summary>The daemons that this one needs: it is started after them and stopped before them. Default none.</summary>
    public IList<DaemonDependency> DependsOn { get; set; } = [];

    /// <summary>What happens to this daemon when one that it depends on was restarted. Default <see cref="DependencyRestart.Nothing"/>.</summary>
    public DependencyRestart OnDependencyRestart { get; set; }

    /// <summary>
    /// Whether the daemon is started with the fleet. Otherwise it is started on request, or when a daemon that depends on it is started.
    /// Default true.
    /// </summary>
    public bool AutoStart { get; set; } = true;

    /// <summary>Restart policy. Default: the policy of the fleet.</summary>
    public RestartPolicy? Restart { get; set; }

    /// <summary>
    /// Whether the old definition is started again when a change of this one fails its start. It counts for the change that brings it, of a
    /// daemon that runs. Default false: the daemon is then retried by its restart policy.
    /// </summary>
    public bool Rollback { get; set; }

    /// <summary>Limits of the log. Default: the limits of the fleet.</summary>
    public LogPolicy? Log { get; set; }

    /// <summary>Who writes the PID file. Default: see <see cref="DaemonSpec.PidFileWriter"/>.</summary>
    public PidFileWriter? PidFileWriter { get; set; }

    /// <summary>The signal that asks the daemon to end. Default <c>SIGTERM</c>.</summary>
    public TerminationSignal StopSignal { get; set; }

    /// <summary>Whether all processes of the daemon get that signal (<c>Tree</c>) or its main process alone (<c>Main</c>). Default <c>Tree</c>.</summary>
    public StopMode StopMode { get; set; }

    /// <summary>Who launches the process. Default: the supervisor.</summary>
    public LaunchMode Launch { get; set; }
}
