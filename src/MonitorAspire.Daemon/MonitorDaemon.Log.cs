namespace MonitorAspire.Daemon;

internal static partial class MonitorDaemon
{
    [LoggerMessage(1, LogLevel.Information, "{Name} serves on {Host}:{Port} as PID {Pid}, {Milliseconds:F0} ms after its start")]
    private static partial void LogReady(ILogger logger, string name, string host, int port, int pid, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "{Name} stops because of {Signal}")]
    private static partial void LogStopping(ILogger logger, string name, string signal);

    [LoggerMessage(3, LogLevel.Warning, "Some requests did not end in time and were aborted")]
    private static partial void LogRequestsAborted(ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "{Name} has stopped; its lock and PID file are released")]
    private static partial void LogStopped(ILogger logger, string name);
}
