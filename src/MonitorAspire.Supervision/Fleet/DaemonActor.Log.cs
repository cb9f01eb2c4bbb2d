using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Fleet;

internal sealed partial class DaemonActor
{
    [LoggerMessage(100, LogLevel.Debug, "{Daemon}: {From} -> {To}")]
    private static partial void LogState(ILogger logger, string daemon, DaemonState from, DaemonState to);

    [LoggerMessage(101, LogLevel.Information, "{Daemon} is verified: PID {Pid} on port {Port} after {Milliseconds} ms")]
    private static partial void LogVerified(ILogger logger, string daemon, int? pid, int port, double milliseconds);

    [LoggerMessage(102, LogLevel.Warning, "{Daemon} did not start: {Reason}: {Detail}")]
    private static partial void LogStartFailed(ILogger logger, string daemon, StartupReason? reason, string? detail);

    [LoggerMessage(103, LogLevel.Warning, "{Daemon}: PID {Pid} {Detail}")]
    private static partial void LogExited(ILogger logger, string daemon, int? pid, string? detail);

    [LoggerMessage(104, LogLevel.Information, "{Daemon} is adopted: PID {Pid} on port {Port}, {Restarts} restarts so far")]
    private static partial void LogAdopted(ILogger logger, string daemon, int? pid, int port, int restarts);

    [LoggerMessage(105, LogLevel.Warning, "{Repair}")]
    private static partial void LogRepaired(ILogger logger, string repair);

    [LoggerMessage(106, LogLevel.Information, "{Rotation}")]
    private static partial void LogRotated(ILogger logger, string rotation);

    [LoggerMessage(110, LogLevel.Error, "Alert {Kind} for {Daemon}: {Message}")]
    private static partial void LogAlertFired(ILogger logger, AlertKind kind, string daemon, string message);

    [LoggerMessage(111, LogLevel.Information, "Alert {Kind} for {Daemon} is resolved: {Message}")]
    private static partial void LogAlertResolved(ILogger logger, AlertKind kind, string daemon, string message);

    [LoggerMessage(130, LogLevel.Error, "{Daemon}: {Operation} failed in a way that nobody foresaw")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string daemon, string operation);
}
