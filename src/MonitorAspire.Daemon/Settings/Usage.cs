namespace MonitorAspire.Daemon.Settings;

/// <summary>What <c>--help</c> prints.</summary>
internal static class Usage
{
    internal const string Help = """
        monitor-aspire-daemon: one monitor daemon, one process, one port.

        Usage: monitor-aspire-daemon [--port PORT] [--host HOST] [--state-dir DIR]

        Options:
          --port PORT       Port to listen on (MONITOR_PORT, default 8768)
          --host HOST       Host name or address to listen on (MONITOR_HOST, default 127.0.0.1);
                            localhost is both loopbacks, 0.0.0.0, :: or * are all addresses
          --state-dir DIR   Where PID file, lock and record are (MONITOR_STATE_DIR, default per user)
          --version         Print the version
          -h, --help        Print this help

        It claims the lock and the PID file of its port, binds, and answers GET /health, /alive and /.
        With OTEL_EXPORTER_OTLP_ENDPOINT it exports its telemetry; its start joins the trace in TRACEPARENT.

        Exit codes: 0 it served and was asked to stop; 69 cannot bind; 70 internal error; 75 another daemon has this port's
        lock; 77 no permission; 78 bad option; 143 it was asked to stop before it served.
        """;
}
