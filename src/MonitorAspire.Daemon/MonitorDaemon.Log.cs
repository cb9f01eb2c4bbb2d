namespace MonitorAspire.Daemon;

internal static partial class MonitorDaemon
{
    [LoggerMessage(1, LogLevel.Information, "{Name} serves on {Host}:{Port} as PID {Pid}, {Milliseconds:F0} ms after it began")]
    private static partial void LogReady(ILogger logger, string name, string host, int port, int pid, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "{Name} was asked to stop by {Signal}")]
    private static partial void LogStopping(ILogger logger, string name, string signal);

    [LoggerMessage(3, LogLevel.Warning, "Requests that were still under way when the time to stop was up have been cut off")]
    private static partial void LogRequestsLeft(ILogger logger);

    [LoggerMessage(4, LogLevel.Information, "{Name} has stopped; its lock and PID file are free")]
    private static partial void LogStopped(ILogger logger, string name);
}
