using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>Which processes of a daemon get the signal of a stop. After the grace period, all that are left get SIGKILL.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StopMode>))]
public enum StopMode
{
    /// <summary>All processes of the daemon.</summary>
    Tree,

    /// <summary>The main process alone. For a server whose main process lets its workers finish their requests, and then ends them itself.</summary>
    Main,
}

/// <summary>The signal that asks a daemon to end, by its name.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TerminationSignal>))]
public enum TerminationSignal
{
    /// <summary>The usual signal.</summary>
    SIGTERM,

    /// <summary>As Ctrl-C in a terminal.</summary>
    SIGINT,

    /// <summary>Lets nginx, gunicorn and PHP-FPM end without cutting off requests.</summary>
    SIGQUIT,

    /// <summary>As the end of a terminal.</summary>
    SIGHUP,

    /// <summary>Lets HAProxy end without cutting off connections.</summary>
    SIGUSR1,

    /// <summary>The second signal that a program gives a meaning of its own.</summary>
    SIGUSR2,

    /// <summary>Lets Apache httpd end without cutting off requests.</summary>
    SIGWINCH,

    /// <summary>Ends the process at once.</summary>
    SIGKILL,
}
