using Microsoft.Extensions.Logging;
using MonitorAspire.Supervision.Identity;

namespace MonitorAspire.Supervision.Fleet;

/// <summary>
/// The daemons that an earlier supervisor of this fleet started, and that the configuration does not name any more: the supervisor was killed
/// while it carried out a change, or the configuration changed while there was none.
/// </summary>
internal sealed partial class UnwantedDaemons(FleetParts parts)
{
    /// <summary>Stops them, as a change of the configuration does it. A daemon that a person or another supervisor started is not among them.</summary>
    internal async Task StopAsync(string fleet, IReadOnlyList<DaemonSpec> wanted)
    {
        try
        {
            var unwanted = KnownDaemons.All(parts.Options.StateDirectory)
                .Where(daemon => daemon.Record?.Fleet == fleet && !wanted.Any(spec => daemon.Port >= spec.Port && daemon.Port <= (spec.PortRangeEnd ?? spec.Port)));
            await Task.WhenAll(unwanted.Select(daemon => StopAsync(daemon.ToSpec()))).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogFailed(parts.Logger, e.Message);
        }
    }

    private async Task StopAsync(DaemonSpec spec)
    {
        if (parts.Engine.Attach(spec) is null)
        {
            return;
        }

        var report = await parts.Engine.StopAsync(spec, new StopOptions { GracePeriod = parts.Options.StopGracePeriod }, parts.OutOfTime.Token).ConfigureAwait(false);
        LogUnwanted(parts.Logger, spec.Name, spec.Port, report.Detail);
    }

    [LoggerMessage(140, LogLevel.Warning, "{Daemon} (port {Port}) is of this fleet, but the configuration does not name it any more: {Result}")]
    private static partial void LogUnwanted(ILogger logger, string daemon, int port, string? result);

    [LoggerMessage(141, LogLevel.Warning, "It is not known which daemons the configuration does not name any more: {Problem}")]
    private static partial void LogFailed(ILogger logger, string problem);
}
