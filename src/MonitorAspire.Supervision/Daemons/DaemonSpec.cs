using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// A daemon as it is run: one long-lived server on one port, with all defaults filled in. <see cref="DefinitionMapper"/> makes it from
/// a <see cref="DaemonDefinition"/>.
/// </summary>
public sealed record DaemonSpec
{
    /// <summary>Port of a daemon where none is given.</summary>
    public const int DefaultPort = 8768;

    /// <summary>Host of a daemon where none is given.</summary>
    public const string DefaultHost = "127.0.0.1";

    /// <summary>Path of the health check where none is given.</summary>
    public const string DefaultHealthPath = "/health";

    /// <summary>Unique in its fleet; letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Name in service discovery that host and port were looked up with. Default none: they were given.</summary>
    public string? Service { get; init; }

    /// <summary>Host name or address to listen on. Brackets of an IPv6 address, as in a URL, are left out. Default <c>127.0.0.1</c>.</summary>
    public string Host { get; init => field = WithoutBrackets(value); } = DefaultHost;

    /// <summary>TCP port, 1 to 65535. Default 8768.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>Last port of a range that starts at <see cref="Port"/>; the first free port is used. Default none: only <see cref="Port"/> is used.</summary>
    public int? PortRangeEnd { get; init; }

    /// <summary>Path of the health check over HTTP or HTTPS. Default <c>/health</c>.</summary>
    public string HealthPath { get; init; } = DefaultHealthPath;

    /// <summary>Kind, options and limits of the health check. Default: HTTP, status 200, the limits of the fleet.</summary>
    public HealthCheck Health { get; init; } = new();

    /// <summary>Executable, looked up on <c>PATH</c> when it has no directory separator. <see langword="null"/> is the built-in monitor daemon.</summary>
    public string? Command { get; init; }

    /// <summary>
    /// Arguments. <c>{port}</c>, <c>{host}</c>, <c>{pidfile}</c> and <c>{statedir}</c> are replaced; <c>{{port}}</c> is the text <c>{port}</c>.
    /// No shell is used: each element is one argument.
    /// </summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Working directory of the process. Default: that of the launcher.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables added to the launcher's environment. A <see langword="null"/> value removes the variable.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Files of variables, read at each start, see <see cref="DaemonDefinition.EnvironmentFiles"/>. Default none.</summary>
    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    /// <summary>Name or number of the user that the daemon runs as. Default: the launcher's.</summary>
    public string? User { get; init; }

    /// <summary>Name or number of the group that the daemon runs as. Default: the group of <see cref="User"/>.</summary>
    public string? Group { get; init; }

    /// <summary>Permissions that new files of the daemon do not have, in octal. Default: the launcher's.</summary>
    public string? Umask { get; init; }

    /// <summary>Resource limits of the daemon's processes. Default: those that the user had.</summary>
    public ResourceLimits? Limits { get; init; }

    /// <summary>Resident memory of the daemon's processes together, in bytes, above which it is restarted. Default none.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Files whose change restarts the daemon. Default none.</summary>
    public RestartOnChange? RestartOnChange { get; init; }

    /// <summary>
    /// Who writes the PID file. Default: the daemon itself when it is the built-in one or when an argument contains
    /// <c>{pidfile}</c>, the launcher otherwise.
    /// </summary>
    public PidFileWriter? PidFileWriter { get; init; }

    /// <summary>The signal that asks the daemon to end. Default <c>SIGTERM</c>.</summary>
    public TerminationSignal StopSignal { get; init; }

    /// <summary>Whether all processes of the daemon get that signal (<c>Tree</c>) or its main process alone (<c>Main</c>). Default <c>Tree</c>.</summary>
    public StopMode StopMode { get; init; }

    /// <summary>
    /// Who launches the process. Default <see cref="LaunchMode.Supervisor"/>; under an Aspire AppHost it is
    /// <see cref="LaunchMode.Attached"/>.
    /// </summary>
    public LaunchMode Launch { get; init; }

    /// <summary>The daemons that this one needs: it is started after them and stopped before them. Default none.</summary>
    public IReadOnlyList<DaemonDependency> DependsOn { get; init; } = [];

    /// <summary>What happens to this daemon when one that it depends on was restarted. Default <see cref="DependencyRestart.Nothing"/>.</summary>
    public DependencyRestart OnDependencyRestart { get; init; }

    /// <summary>Whether the daemon is started with the fleet. Default true.</summary>
    public bool AutoStart { get; init; } = true;

    /// <summary>When and how fast the daemon is started again. Default: the fleet's policy.</summary>
    public RestartPolicy? Restart { get; init; }

    /// <summary>Whether the old specification is started again when a change to this one fails its start. Default false.</summary>
    public bool Rollback { get; init; }

    /// <summary>Limits of its log. Default: those of <see cref="LogPolicy"/>.</summary>
    public LogPolicy Log { get; init; } = new();

    /// <summary>Names of variables in <see cref="Environment"/> whose values are secrets, although their names do not look like it. Default none.</summary>
    public IReadOnlyList<string> SecretEnvironment { get; init; } = [];

    /// <summary>The name of a daemon that was given none: <c>monitor-PORT</c>.</summary>
    /// <param name="port">Its port.</param>
    public static string DefaultName(int port) => string.Create(CultureInfo.InvariantCulture, $"monitor-{port}");

    /// <summary><see cref="PidFileWriter"/>, or its default.</summary>
    public PidFileWriter EffectivePidFileWriter => PidFileWriter
        ?? (Command is null || Arguments.Any(a => Placeholders.Has(a, Placeholders.PidFile))
            ? Daemons.PidFileWriter.Daemon
            : Daemons.PidFileWriter.Launcher);

    // A program that gets '[::1]' as its host looks up a name.
    private static string WithoutBrackets(string host) =>
        host is ['[', .. var inner, ']'] && IPAddress.TryParse(inner, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? inner : host;
}

/// <summary>Who writes a daemon's PID file.</summary>
public enum PidFileWriter
{
    /// <summary>The launcher, right after the process was spawned.</summary>
    Launcher,

    /// <summary>The daemon itself.</summary>
    Daemon,
}

/// <summary>Who launches a daemon. Written by its name in JSON as in configuration.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LaunchMode>))]
public enum LaunchMode
{
    /// <summary>The supervisor, or the command line.</summary>
    Supervisor,

    /// <summary>Another program, such as an Aspire AppHost. The supervisor verifies and watches the process; it does not launch it or send it signals.</summary>
    Attached,
}
