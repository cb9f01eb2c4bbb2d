using Microsoft.Extensions.Logging;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// Trouble of the supervisor itself that keeps it from probing daemons. It changes the state of no daemon. The log has one line when it
/// begins and one when it is over for all daemons.
/// </summary>
internal sealed partial class OwnTrouble(ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _daemons = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A daemon was probed, or could not be.</summary>
    public void Report(string daemon, string? trouble)
    {
        lock (_gate)
        {
            if (trouble is null)
            {
                if (_daemons.Remove(daemon) && _daemons.Count == 0)
                {
                    LogOver(logger);
                }
            }
            else if (_daemons.Add(daemon) && _daemons.Count == 1)
            {
                LogBegins(logger, daemon, trouble);
            }
        }
    }

    [LoggerMessage(122, LogLevel.Error, "The supervisor itself is in trouble and cannot probe {Daemon}: {Trouble}. The daemons go on, and their states stay as they were")]
    private static partial void LogBegins(ILogger logger, string daemon, string trouble);

    [LoggerMessage(123, LogLevel.Information, "The supervisor can probe all daemons again")]
    private static partial void LogOver(ILogger logger);
}
