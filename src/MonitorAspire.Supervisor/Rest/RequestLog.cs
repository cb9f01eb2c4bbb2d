namespace MonitorAspire.Supervisor.Rest;

/// <summary>What the log says about requests.</summary>
internal static partial class RequestLog
{
    [LoggerMessage(21, LogLevel.Error, "{Method} {Path} failed")]
    internal static partial void Failed(ILogger logger, Exception exception, string method, string path);
}
