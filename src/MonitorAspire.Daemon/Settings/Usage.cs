namespace MonitorAspire.Daemon.Settings;

internal static class Usage
{
    internal const string Help = """
        monitor-aspire-daemon: one monitor daemon, one process, one port.

        Usage: monitor-aspire-daemon [--port PORT] [--host HOST] [--state-dir DIR]

        Options:
          --port PORT       Port to listen on (MONITOR_PORT, default 8768)
          --host HOST       Host name or address to listen on (MONITOR_HOST, default 127.0.0.1);
                            localhost means both loopback addresses; 0.0.0.0, :: or * mean all addresses
          --state-dir DIR   Directory of the PID file, lock and record (MONITOR_STATE_DIR, default per user)
          --version         Print the version
          -h, --help        Print this help

        The daemon claims the lock and the PID file of its port, binds the port, and answers GET /health, /alive and /.
        If OTEL_EXPORTER_OTLP_ENDPOINT is set, it exports telemetry; its start joins the trace in TRACEPARENT.

        Exit codes: 0 stopped by a signal after it served; 69 cannot bind; 70 internal error; 75 another daemon holds the
        lock of this port; 77 no permission; 78 bad option; 143 stopped by a signal before it served.
        """;
}
