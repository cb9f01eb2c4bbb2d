namespace MonitorAspire.Supervision.Telemetry;

/// <summary>Names of the spans.</summary>
public static class SpanNames
{
    /// <summary>One verified start.</summary>
    public const string Startup = "monitor.startup";

    /// <summary>Stage: lock, stale files, port.</summary>
    public const string Preflight = "monitor.startup.preflight";

    /// <summary>Stage: execution of the process.</summary>
    public const string Spawn = "monitor.startup.spawn";

    /// <summary>Stage: PID file.</summary>
    public const string PidFile = "monitor.startup.pid_file";

    /// <summary>Stage: port and its owner.</summary>
    public const string PortBound = "monitor.startup.port_bound";

    /// <summary>Stage: health.</summary>
    public const string Health = "monitor.startup.health";

    /// <summary>The daemon claims its lock and its PID file.</summary>
    public const string DaemonClaim = "monitor.daemon.claim";

    /// <summary>The daemon binds its port.</summary>
    public const string DaemonBind = "monitor.daemon.bind";

    /// <summary>The daemon is ready to answer.</summary>
    public const string DaemonReady = "monitor.daemon.ready";
}

/// <summary>Names of the metrics.</summary>
public static class MetricNames
{
    /// <summary>Histogram, seconds: duration of each stage of a start, and of the whole start as stage <c>total</c>, by outcome.</summary>
    public const string StartupDuration = "monitor.startup.duration";

    /// <summary>Counter of starts by outcome. A failed start has <c>error.type</c>.</summary>
    public const string StartupAttempts = "monitor.startup.attempts";

    /// <summary>Counter of automatic restarts.</summary>
    public const string DaemonRestarts = "monitor.daemon.restarts";

    /// <summary>Gauge: 1 for a daemon that is verified and healthy, 0 otherwise.</summary>
    public const string DaemonUp = "monitor.daemon.up";

    /// <summary>Histogram, seconds: the health request of a running daemon.</summary>
    public const string HealthDuration = "monitor.health.duration";

    /// <summary>Counter of alerts by kind, once as <c>fired</c> and once as <c>resolved</c>.</summary>
    public const string Alerts = "monitor.alerts";
}

/// <summary>Keys of the attributes of spans and metrics.</summary>
public static class AttributeNames
{
    /// <summary>Name of the daemon.</summary>
    public const string DaemonName = "monitor.daemon.name";

    /// <summary>Port of the daemon.</summary>
    public const string DaemonPort = "monitor.daemon.port";

    /// <summary>Number of the try, counted from 1. Only on spans, because it has no upper limit.</summary>
    public const string StartupAttempt = "monitor.startup.attempt";

    /// <summary><c>verified</c>, <c>already-running</c> or <c>failed</c>.</summary>
    public const string StartupOutcome = "monitor.startup.outcome";

    /// <summary>The stage, as in <c>port_bound</c>; <c>total</c> for the whole start.</summary>
    public const string StartupStage = "monitor.startup.stage";

    /// <summary><c>healthy</c> or <c>unhealthy</c>.</summary>
    public const string HealthOutcome = "monitor.health.outcome";

    /// <summary>Kind of an alert, as in <c>crash-loop</c>.</summary>
    public const string AlertKind = "monitor.alert.kind";

    /// <summary><c>fired</c> or <c>resolved</c>.</summary>
    public const string AlertState = "monitor.alert.state";

    /// <summary>PID of the instance.</summary>
    public const string ProcessPid = "process.pid";

    /// <summary>When the instance was created, ISO 8601 in UTC.</summary>
    public const string ProcessCreationTime = "process.creation.time";

    /// <summary>The reason of a failure.</summary>
    public const string ErrorType = "error.type";
}
