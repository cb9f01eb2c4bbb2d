using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Supervision.Startup;

/// <summary>Log messages of a start.</summary>
internal static partial class StartupLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "{Name}: spawned PID {Pid} for port {Port}: {Executable}")]
    internal static partial void Spawned(ILogger logger, string name, int port, int pid, string executable);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Information, Message = "{Name}: PID {Pid} on port {Port} verified in {Milliseconds:0} ms")]
    internal static partial void Verified(ILogger logger, string name, int port, int pid, double milliseconds);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Error, Message = "{Name}: start on port {Port} failed in stage {Stage}: {Reason}: {Detail}")]
    internal static partial void Failed(ILogger logger, string name, int port, StartupReason reason, StartupStage stage, string detail);
}
