using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace MonitorAspire.Supervisor.Logs;

/// <summary>
/// The supervisor's log on the console: one line for each entry, as the framework's formatters write it (that for systemd under systemd, which adds
/// the time itself), but with everything visible that a terminal would carry out or hide. Messages may quote what a daemon has answered.
/// </summary>
internal sealed class VisibleConsoleFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    internal const string FormatterName = "visible";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        var (name, priority) = Level(logEntry.LogLevel);
        var start = SystemdHelpers.IsSystemdService()
            ? $"<{priority}>"
            : string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {name}: ");
        var line = string.Create(CultureInfo.InvariantCulture, $"{start}{logEntry.Category}[{logEntry.EventId.Id}] {message}");
        textWriter.WriteLine(VisibleText.Line(logEntry.Exception is { } exception ? $"{line} {exception}" : line));
    }

    // The priorities are those of syslog, sd-daemon(3).
    private static (string Name, char Priority) Level(LogLevel level) => level switch
    {
        LogLevel.Trace => ("trce", '7'),
        LogLevel.Debug => ("dbug", '7'),
        LogLevel.Information => ("info", '6'),
        LogLevel.Warning => ("warn", '4'),
        LogLevel.Error => ("fail", '3'),
        _ => ("crit", '2'),
    };
}
