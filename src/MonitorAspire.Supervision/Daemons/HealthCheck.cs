using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>How the health of a daemon is checked. In JSON and in configuration it is written by its name; upper and lower case are the same.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HealthCheckKind>))]
public enum HealthCheckKind
{
    /// <summary><c>GET</c> of the health path over HTTP; the status is one of the accepted ones.</summary>
    Http,

    /// <summary>The same over HTTPS. The certificate is not checked: the owner of the socket proves who answers.</summary>
    Https,

    /// <summary>The daemon accepts a connection. Where the platform tells it, the process itself has taken the connection, and not only the kernel.</summary>
    Tcp,

    /// <summary>A command exits with code 0. Linux and macOS.</summary>
    Command,

    /// <summary>A line of the daemon's output matches a pattern. It is checked at the start only.</summary>
    Log,

    /// <summary>The daemon sends <c>READY=1</c> to the socket <c>NOTIFY_SOCKET</c>, as with systemd's <c>sd_notify</c>. Linux.</summary>
    Notify,
}

/// <summary>
/// The health check of a daemon: its kind, the options of that kind, and its limits. The path of the kinds <see cref="HealthCheckKind.Http"/>
/// and <see cref="HealthCheckKind.Https"/> is <see cref="DaemonDefinition.HealthPath"/>. It has setters because it is bound from configuration,
/// and is not changed after that.
/// </summary>
[SuppressMessage("Usage", "CA2227:Collection properties should be read only", Justification = "Options are bound from configuration.")]
public sealed record HealthCheck
{
    /// <summary>The kind. Default <see cref="HealthCheckKind.Http"/>.</summary>
    public HealthCheckKind Kind { get; set; }

    /// <summary>The HTTP statuses that pass, 100 to 599. Kinds Http and Https. Default: 200 only.</summary>
    public IList<int> Statuses { get; set; } = [];

    /// <summary>Headers of the request; <c>Host</c> and <c>User-Agent</c> can be set too. Kinds Http and Https. Default none.</summary>
    public IDictionary<string, string?> Headers { get; set; } = new Dictionary<string, string?>();

    /// <summary>Text that the first 64 KiB of the answer's body must contain. Kinds Http and Https. Default none.</summary>
    public string? Text { get; set; }

    /// <summary>
    /// Executable of the check, looked up as the daemon's own command. It has the environment and the working directory of the daemon, and
    /// no shell is used. Required for the kind Command.
    /// </summary>
    public string? Command { get; set; }

    /// <summary>Arguments of <see cref="Command"/>. <c>{port}</c>, <c>{host}</c>, <c>{pidfile}</c> and <c>{statedir}</c> are replaced. Default none.</summary>
    public IList<string> Arguments { get; set; } = [];

    /// <summary>Regular expression that a line of the daemon's output must match. Required for the kind Log.</summary>
    public string? Pattern { get; set; }

    /// <summary>
    /// Limits of the checks at the start. Defaults: an interval of 2 to 50 ms; no time limit of a single check but that of the start; no
    /// number of failures.
    /// </summary>
    public CheckLimits? Startup { get; set; }

    /// <summary>
    /// Limits of the checks of a running daemon. Default: those of the fleet's <see cref="ProbePolicy"/>. For the kind Notify a time limit is
    /// the longest time between two <c>WATCHDOG=1</c>; without it no watchdog is expected.
    /// </summary>
    public CheckLimits? Liveness { get; set; }
}

/// <summary>Limits of health checks. What is not set has a default that the user of this type names.</summary>
public sealed record CheckLimits
{
    /// <summary>Time between two checks. 10 ms to 1 h at the start, 50 ms to 1 h of a running daemon.</summary>
    public TimeSpan? Interval { get; set; }

    /// <summary>Time limit of one check. 10 ms to 1 h.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>Failed checks in a row that fail the start, or restart the running daemon. 1 to 1000.</summary>
    public int? Failures { get; set; }
}

/// <summary>What a health check measured, for people. The text is the daemon's; control characters are replaced.</summary>
/// <param name="Status">HTTP status, or exit code of a command; <see langword="null"/> where there was none.</param>
/// <param name="Ms">Duration of the check in milliseconds.</param>
/// <param name="Body">The first lines of the answer's body, or the last lines that a command wrote: 3 lines and 500 characters at most.</param>
public sealed record HealthCheckAnswer(int? Status, double Ms, IReadOnlyList<string> Body);
